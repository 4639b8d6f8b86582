// The script of every page. Each page works without it; it makes them smooth.
//
//   data-live="URL"         opens a stream of server-sent events; the text of an event replaces the content of every element
//                           with data-live-part="EVENT'S NAME". `end` closes it; data-live-end="reload" then reloads the page.
//   data-copy="TEXT"        a hidden button that copies the text; shown when this script runs.
//   data-confirm="WORDS"    a form that asks before it is sent.
//   data-sign-off="START"   a form that takes what this browser keeps under names that begin so away before it is sent.
//   data-script             hidden where there is no script: remove `hidden` from what only works with it.
//   input data-zone         of value UTC gets the name of the reader's time zone.
//   <time datetime>         is shown in the reader's zone, the exact time on hover.
//   hx-…                    HTMX 2, without eval and without inline styles.

import htmx from "htmx.org/dist/htmx.esm.js";

const all = (selector, root) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];

function say(words) {
  const place = document.getElementById("says");
  if (!place) return;
  place.textContent = words;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { place.textContent = ""; }, 6000);
}

// ---- what new content needs -------------------------------------------------------------------------------------------

function showTimes(root) {
  const two = (number) => String(number).padStart(2, "0");
  for (const time of all("time[datetime]", root)) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime()) || !time.dateTime.includes("T")) continue;
    time.title = time.title || time.dateTime;
    time.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }
}

function prepare(root) {
  showTimes(root);
  for (const element of all("[data-copy], [data-script]", root)) element.hidden = false;
  for (const element of all("[data-live]", root)) watch(element);
  for (const field of all("input[data-zone]", root)) {
    if (field.value === "UTC") field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  }
}

// ---- copying, confirming, the menu, the theme ----------------------------------------------------------------------------

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say("Copied.");
  } catch {
    const shown = button.previousElementSibling;
    if (shown) getSelection().selectAllChildren(shown);
    say("Selected: copy it with the keyboard.");
  }
}

function forget(start) {
  try {
    for (const name of Object.keys(localStorage)) if (start && name.startsWith(start)) localStorage.removeItem(name);
  } catch { /* forbidden: then nothing is kept here */ }
}

async function changeTheme(form, button) {
  const root = document.documentElement;
  if (button.value === "system") delete root.dataset.theme; else root.dataset.theme = button.value;
  for (const other of form.querySelectorAll("button[name=theme]")) other.setAttribute("aria-pressed", String(other === button));
  const fields = new URLSearchParams(new FormData(form));
  fields.set("theme", button.value);
  const answer = await fetch(form.action, { method: "POST", body: fields, redirect: "manual" }).catch(() => null);
  if (!answer || (answer.type !== "opaqueredirect" && !answer.ok)) say("The theme could not be kept: reload the page.");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(button);
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) event.preventDefault();
  else if (form.hasAttribute("data-sign-off")) forget(form.dataset.signOff);
  else if (form.getAttribute("action") === "/theme" && event.submitter) {
    event.preventDefault();
    changeTheme(form, event.submitter);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    return;
  }
  const typing = event.composedPath()[0].closest?.("input, textarea, select, [contenteditable]"); // inside a shadow root too
  const wanted = (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey)
    || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey);
  if (!wanted) return;
  const box = document.getElementById("search");
  event.preventDefault();
  if (box?.offsetParent) box.select(); else location.assign("/search");
});

// ---- live parts ----------------------------------------------------------------------------------------------------------

function watch(element) {
  if (element.dataset.liveOpen) return;
  element.dataset.liveOpen = "1";
  let source = null;
  let tries = 0;
  const stop = () => { source?.close(); source = null; };
  const start = () => {
    if (source || !element.isConnected) return;
    source = new EventSource(element.dataset.live);
    const names = new Set(all("[data-live-part]", document).map((part) => part.dataset.livePart));
    for (const name of names) source.addEventListener(name, (event) => { tries = 0; put(name, event.data); });
    source.addEventListener("end", () => {
      stop();
      element.dataset.liveEnded = "1";
      if (element.dataset.liveEnd === "reload") location.reload();
    });
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return; // it tries again by itself
      stop();
      tries += 1;
      say("Nothing new comes in. Trying again; or reload the page.");
      setTimeout(() => { if (!document.hidden && !element.dataset.liveEnded) start(); }, Math.min(60, 2 ** tries) * 1000);
    });
  };
  // a tab nobody looks at holds no connection: browsers give one address only six
  document.addEventListener("visibilitychange", () => {
    if (element.dataset.liveEnded) return;
    if (document.hidden) stop(); else start();
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted && !element.dataset.liveEnded) start(); });
  if (!document.hidden) start();
}

function put(name, html) {
  for (const part of document.querySelectorAll(`[data-live-part="${CSS.escape(name)}"]`)) {
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    const opened = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
    part.innerHTML = html;
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus();
    htmx.process(part);
    prepare(part);
  }
}

// ---- HTMX ------------------------------------------------------------------------------------------------------------------

document.addEventListener("htmx:afterSwap", (event) => prepare(event.detail.target));
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const status = event.detail.xhr?.status;
    say(status ? `That did not work (status ${status}). Reload the page.` : "The app does not answer. Is it still running?");
  });
}

document.addEventListener("assay:put", (event) => prepare(event.detail)); // editor.js has put something in

prepare(document.documentElement);
