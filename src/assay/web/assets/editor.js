// The gym's editor, and what makes its page smooth: runs without a reload, keeps the code, tabs, keys, the step slider.
//
// The page works without it: a <textarea> in a <form>, whose answer is a whole page. Here the same form is sent by fetch, and
// the answer says which parts of the page to replace ({parts: {name: html}}; #part-NAME) and which line to mark.
//
// CodeMirror stands in a shadow root: there its styles are constructed sheets, which the Content-Security-Policy allows.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascriptLanguage } from "@codemirror/lang-javascript";
import { pythonLanguage } from "@codemirror/lang-python";
import { HighlightStyle, LanguageSupport, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { diagnosticCount, lintKeymap, linter, nextDiagnostic } from "@codemirror/lint";
import { EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, closeHoverTooltips, drawSelection, gutter, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { completing, look } from "./beginner.js";

const ANSWER_WITHIN_MS = 120_000;
const SAVE_AFTER_MS = 1_200;
const TAB_LEAVES_MS = 10_000;
const BAR = 56; // px: the bar that stays at the top of the page
const AGAIN_MS = 3_000;
const ASIDE_MS = 24 * 3_600_000;

function open(form) {
  const source = form.querySelector("textarea[name=source]");
  const saved = document.getElementById("saved");
  const heard = document.getElementById("heard");
  const { problem, language } = form.dataset;
  const byId = (id) => document.getElementById(id);

  const say = (words) => {
    heard.textContent = "";
    requestAnimationFrame(() => { heard.textContent = words; });
  };

  // ---- the editor ------------------------------------------------------------------------------------------------------

  const view = makeEditor(source, language, form.dataset.label, () => { changed(); });
  const text = () => view.state.doc.toString();
  const replace = (made, userEvent) => {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: made }, userEvent });
  };

  // ---- keeping the code ------------------------------------------------------------------------------------------------
  // At once in this browser, a moment later at the server. Both know the revision that the text was made from.

  let learner = form.dataset.learner;
  let revision = form.dataset.revision;
  let kept = source.defaultValue;
  let timer = 0;
  let tries = 0;
  let saving = null;
  const key = () => `assay.gym/${learner}/${problem}/${language}`;

  function keepHere(state) {
    try {
      localStorage.setItem(key(), JSON.stringify({ text: text(), revision, state }));
    } catch { /* full or forbidden: the server keeps it */ }
  }

  function readHere(name) {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch {
      return null;
    }
  }

  function changed() {
    clearTimeout(timer);
    if (tooLong()) return; // copying it at each key would stop the page
    source.value = text();
    keepHere("unsaved");
    saved.textContent = "Not saved yet";
    timer = setTimeout(save, SAVE_AFTER_MS);
  }

  async function save() {
    clearTimeout(timer);
    if (saving) return saving;
    const sent = text();
    if (sent === kept) {
      saved.classList.remove("warn");
      saved.textContent = "Saved";
      keepHere("saved");
      if (untilSaved && !tries) trouble("");
      return true;
    }
    if (tooLong()) return false;
    saving = send({ do: "save", source: sent }).then((answer) => {
      saving = null;
      settle(sent, answer);
      if (text() !== kept && !answer.conflict) timer = setTimeout(save, SAVE_AFTER_MS);
      return true;
    }, (reason) => {
      saving = null;
      lost(reason);
      return false;
    });
    return saving;
  }

  // The code is saved already, but the app did not answer: its words go when it does.
  function lookAgain() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const sent = text();
      send({ do: "save", source: sent }).then((answer) => settle(sent, answer), () => lookAgain());
    }, AGAIN_MS);
  }

  function settle(sent, answer) {
    const was = key();
    if (answer.learner && answer.learner !== learner) {
      const aside = readHere(`${was}/aside`);
      try { for (const one of [was, `${was}/aside`]) localStorage.removeItem(one); } catch { /* nothing to take away */ }
      learner = answer.learner;
      if (aside) keepAside(aside.words, aside.text);
    }
    if (answer.conflict !== undefined) {
      conflict(answer);
      return;
    }
    if (answer.revision !== undefined) revision = answer.revision;
    kept = sent;
    won();
    if (untilSaved) trouble("");
    if (tries) say("The app answers again. Your code is saved.");
    tries = 0;
    saved.classList.remove("warn");
    saved.textContent = text() === kept ? "Saved" : "Not saved yet";
    keepHere(text() === kept ? "saved" : "unsaved");
  }

  function lost(reason) {
    tries += 1;
    keepHere("unsaved");
    const words = reason.said ?? "No connection: your code is kept in this browser, and saving is tried again.";
    saved.classList.add("warn");
    saved.textContent = `! ${words}`;
    if (tries === 1) say(words);
    clearTimeout(timer);
    timer = setTimeout(save, Math.min(30, 2 ** tries) * 1000);
  }

  // What the server keeps was written in another window. Whichever of the two is chosen, or saved after that, the other one
  // can be brought back; a text that was saved settles it.
  let other = null;

  function conflict(answer) {
    const place = byId("conflict");
    place.hidden = false;
    other = answer.conflict;
    revision = answer.revision;
    keepAside("Bring the other window's code back", other);
    say("This code was changed in another window.");
    place.querySelector("[data-take]").onclick = () => {
      const mine = text();
      const theirs = other;
      place.hidden = true;
      other = null;
      kept = theirs;
      replace(theirs, "input.restore");
      bringBack("Bring mine back", mine);
      view.focus();
    };
    place.querySelector("[data-keep]").onclick = () => { changed(); save(); view.focus(); };
  }

  function won() {
    if (other === null) return;
    byId("conflict").hidden = true;
    bringBack("Bring the other window's code back", other);
    other = null;
  }

  // One button undoes what replaced a text: a reset, or the choice between two windows.
  function bringBack(words, before) {
    const undo = byId("undo-reset");
    undo.textContent = words;
    undo.hidden = false;
    undo.onclick = () => {
      undo.hidden = true;
      keepAside("", "");
      replace(before, "input.restore");
      view.focus();
      say("Your code is back.");
    };
    keepAside(words, before);
    return undo;
  }

  // What was replaced outlives a reload of the page, for a day.
  function keepAside(words, before) {
    try {
      if (words) localStorage.setItem(`${key()}/aside`, JSON.stringify({ words, text: before, at: Date.now() }));
      else localStorage.removeItem(`${key()}/aside`);
    } catch { /* full or forbidden: it lasts as long as this page */ }
  }

  // What is longer than the server takes is not sent: it would be refused, each time anew.
  function tooLong() {
    const most = Number(form.dataset.most);
    const size = view.state.doc.length; // letters; the server counts bytes again
    if (size <= most) return "";
    const words = `This is too long: ${size.toLocaleString("en")} characters, and ${most.toLocaleString("en")} are taken at most. It is neither saved nor run. Make it shorter, or press Ctrl Z to undo.`;
    saved.classList.add("warn");
    saved.textContent = "! Too long to be saved";
    trouble(words, true);
    return words;
  }

  // What went wrong stands there until something else is asked for; what is mended by a saved text, until then.
  let untilSaved = false;
  function trouble(words, passing = false) {
    const state = byId("state");
    if (words) state.textContent = `! ${words}`;
    else if (state.classList.contains("warn")) state.textContent = "";
    state.classList.toggle("warn", Boolean(words));
    untilSaved = passing;
  }

  addEventListener("online", () => { if (text() !== kept) save(); });
  addEventListener("pagehide", () => {
    if (text() === kept) return;
    keepHere("unsaved");
    if (tooLong()) return;
    fetch(form.action, { method: "POST", headers: headers(), body: fields({ do: "save", source: text() }), keepalive: true }).catch(() => {});
  });

  // what was typed here and never reached the server comes back
  const here = readHere(key());
  if (here?.state === "unsaved" && here.text !== text() && !form.dataset.shown) {
    replace(here.text, "input.restore");
    saved.textContent = "Not saved yet";
    say("Your last changes, which had not been saved, are back.");
  }
  const aside = readHere(`${key()}/aside`);
  if (aside?.words && aside.text !== text() && Date.now() - aside.at < ASIDE_MS) bringBack(aside.words, aside.text);

  // ---- sending ---------------------------------------------------------------------------------------------------------

  const headers = () => ({ Accept: "application/json", "X-Assay-Token": form.elements._token.value });

  function fields(given) {
    const made = new URLSearchParams();
    for (const one of form.elements) if (one.name && one.type !== "submit" && one.name !== "_token") made.set(one.name, one.value);
    made.set("based_on", revision);
    made.set("_token", form.elements._token.value);
    for (const [name, value] of Object.entries(given)) made.set(name, value);
    return made;
  }

  async function send(given) {
    let response;
    try {
      response = await fetch(form.action, { method: "POST", headers: headers(), body: fields(given), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    } catch {
      throw { said: undefined };
    }
    let answer;
    try {
      answer = await response.json();
    } catch {
      throw { said: `The app answers with status ${response.status}. Your code is kept in this browser.` };
    }
    if (answer.error) throw { said: `${answer.error.message} ${answer.error.help}` };
    return answer;
  }

  // ---- run, submit and the rest ----------------------------------------------------------------------------------------

  const WORDS = { run: "Running your code …", submit: "Running all tests …", console: "Running your code …", step: "Recording the steps …", help: "Looking at your code …" };
  const SHOWS = { run: "tests", submit: "tests", console: "console", step: "step", help: "help" };
  let busy = false;

  async function act(what, given = {}) {
    if (busy) return;
    const refused = tooLong();
    if (refused) { say(refused); return; }
    busy = true;
    if (saving) await saving; // one after the other: the first answer may bring the cookie that says who this is
    clearTimeout(timer);
    const name = SHOWS[what];
    const part = byId(`part-${name}`);
    const sent = text();
    showTab(name);
    part.setAttribute("aria-busy", "true");
    const state = byId("state");
    trouble("");
    state.textContent = WORDS[what];
    mark(view, null);
    try {
      const answer = await send({ do: what, source: sent, ...given });
      settle(sent, answer);
      for (const [one, html] of Object.entries(answer.parts ?? {})) put(one, html, true);
      if (answer.line) mark(view, answer.line, "bad");
      state.textContent = "";
      say(answer.said ?? "");
      if (answer.tab) showTab(answer.tab);
      if (what === "step") arriveAtSteps();
      else reveal(name);
    } catch (reason) {
      if (reason instanceof Error) throw reason;
      const before = part.querySelector(".result") ? " What stands below is of an earlier run." : "";
      const words = reason.said ?? `The app does not answer. Your code is kept in this browser: try again in a moment.${before}`;
      if (text() !== kept) lost(reason);
      else if (!reason.said) lookAgain();
      trouble(words, !reason.said);
      say(words);
    } finally {
      part.removeAttribute("aria-busy");
      busy = false;
    }
  }

  function put(name, html, asked = false) {
    const place = byId(`part-${name}`);
    if (!place) return;
    const held = place.contains(document.activeElement) ? document.activeElement : null;
    place.innerHTML = html;
    if (held) hold(place, held, asked);
    document.dispatchEvent(new CustomEvent("assay:put", { detail: place }));
    if (name === "step") openSteps(place);
    if (name === "help") follow();
  }

  // The keyboard stays where it was, or goes to what was asked for: a part that is replaced takes the focus with it.
  function hold(place, was, asked) {
    const same = asked && was.name === "tool" ? null : was.id ? byId(was.id) : place.querySelector(`[name="${was.name}"][value="${CSS.escape(was.value ?? "")}"]:enabled`);
    const next = same ?? place.querySelector(".answer") ?? place.closest(".panel");
    if (next?.matches(".answer")) next.tabIndex = -1;
    next?.focus({ preventScroll: true });
  }

  // What came of it is brought into view where it stands outside: at 200 % zoom, and on a phone.
  function reveal(name) {
    const part = byId(`part-${name}`);
    const first = part.querySelector(".answer, .headline") ?? part;
    const { top, bottom } = first.getBoundingClientRect();
    if (top < BAR || Math.min(bottom, top + 120) > innerHeight) (name === "tests" ? list : first).scrollIntoView({ block: "start" });
  }

  // an answer that is being worked on is asked for again until it is there
  let following = 0;
  function follow() {
    clearTimeout(following);
    if (!byId("part-help").querySelector("[data-waiting]")) return;
    following = setTimeout(lookAtHelp, 700);
  }

  async function lookAtHelp() {
    clearTimeout(following);
    const typed = byId("question")?.value ?? "";
    try {
      const response = await fetch(`${location.pathname}/help?lang=${language}`, { headers: { Accept: "application/json" } });
      const answer = await response.json();
      if (!answer.parts || busy) return;
      const waited = byId("part-help").querySelector("[data-waiting]");
      if (document.activeElement?.closest("#part-help") && answer.waiting) { following = setTimeout(lookAtHelp, 700); return; }
      put("help", answer.parts.help);
      if (typed && byId("question")) byId("question").value = typed;
      if (waited && !answer.waiting) { say(answer.said); reveal("help"); }
    } catch {
      following = setTimeout(lookAtHelp, 5000);
    }
  }

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    const what = button?.name === "do" ? button.value : button ? "help" : "run";
    if (what in WORDS) {
      event.preventDefault();
      act(what, what === "help" ? { [button.name]: button.value } : {});
    } else if (what === "reset") {
      event.preventDefault();
      reset();
    } else {
      kept = text(); // the whole page is sent: it is saved with it
    }
  });

  // ---- reset, undone by one button or Ctrl-Z -----------------------------------------------------------------------------

  function reset() {
    const before = text();
    const starter = byId("starter").content.textContent;
    if (before === starter) return;
    replace(starter, "input.reset");
    const undo = bringBack("Undo reset", before);
    say("The code is as it was at first. Undo reset brings yours back.");
    undo.focus();
  }

  // ---- tabs --------------------------------------------------------------------------------------------------------------

  const list = byId("tabs");
  const tabs = [...list.querySelectorAll("[role=tab]")];
  function showTab(name, focus = false) {
    const at = document.activeElement?.closest(".panel");
    if (at && at.id !== `panel-${name}`) focus = true; // its panel goes, and the keyboard must not go with it
    for (const tab of tabs) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !chosen;
      if (chosen && focus) tab.focus();
    }
    if (name === "help" && !busy) lookAtHelp();
    if (name !== "step") mark(view, null, "step");
    else showStep?.();
  }
  for (const tab of tabs) {
    const panel = byId(tab.getAttribute("aria-controls"));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    panel.tabIndex = 0;
    tab.addEventListener("click", () => showTab(tab.dataset.tab));
  }
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    showTab(tabs[(to + tabs.length) % tabs.length].dataset.tab, true);
  });
  document.documentElement.classList.add("with-editor");

  // ---- steps -------------------------------------------------------------------------------------------------------------

  let showStep = null;
  let arriveAtSteps = () => {};
  function openSteps(place) {
    const steps = [...place.querySelectorAll(".steps > li")];
    const slider = place.querySelector("[data-slider]");
    showStep = null;
    arriveAtSteps = () => reveal("step");
    if (!slider || !steps.length) return;
    const range = slider.querySelector("input[type=range]");
    const where = slider.querySelector("output");
    slider.hidden = false;
    place.querySelector(".steps").classList.add("one");
    const show = () => {
      const at = Number(range.value) - 1;
      steps.forEach((step, number) => { step.hidden = number !== at; });
      const line = Number(steps[at].dataset.line) || null;
      where.textContent = `Step ${at + 1} of ${steps.length}`;
      range.setAttribute("aria-valuetext", `Step ${at + 1} of ${steps.length}${line ? `, line ${line}` : ""}`);
      mark(view, line, "step");
    };
    arriveAtSteps = () => { range.focus({ preventScroll: true }); steps[Number(range.value) - 1].scrollIntoView({ block: "nearest" }); };
    const go = (by) => { range.value = String(Number(range.value) + by); show(); };
    range.addEventListener("input", show);
    slider.querySelector("[data-back]").addEventListener("click", () => go(-1));
    slider.querySelector("[data-on]").addEventListener("click", () => go(1));
    showStep = show;
    show();
  }

  // ---- keys --------------------------------------------------------------------------------------------------------------

  const keys = byId("keys");
  addEventListener("keydown", (event) => {
    const at = event.composedPath()[0];
    const typing = at.closest?.("input:not([type=range]), textarea, select, [contenteditable]");
    const command = event.ctrlKey || event.metaKey;
    let done = true;
    if (command && event.key === "Enter" && !event.altKey) {
      if (event.shiftKey) act("submit");
      else if (at.id === "question") act("help", { tool: "ask" });
      else act(at.id === "stdin" ? "console" : "run");
    }
    else if (command && event.key === "'" && !event.altKey) { showTab("help"); byId("panel-help").focus(); }
    else if (event.altKey && !command && /^Digit[1-4]$/.test(event.code)) showTab(tabs[Number(event.code[5]) - 1]?.dataset.tab, true);
    else if (event.altKey && !command && event.code === "Digit0") view.focus();
    else if (event.key === "?" && !typing && !command && !event.altKey && !keys.open) keys.showModal();
    else done = false;
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);
  byId("show-keys").addEventListener("click", () => keys.showModal());
  for (const one of [source.labels[0], byId("to-code")]) one?.addEventListener("click", (event) => { event.preventDefault(); view.focus(); });

  // lines that messages name lead to the editor
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-go-line]");
    if (!link) return;
    event.preventDefault();
    const line = view.state.doc.line(Math.min(view.state.doc.lines, Math.max(1, Number(link.dataset.goLine))));
    view.dispatch({ selection: { anchor: line.from }, scrollIntoView: true });
    view.focus();
  });

  showTab(form.dataset.tab || "tests");
  openSteps(byId("part-step"));
  if (form.dataset.line) mark(view, Number(form.dataset.line), "bad");
  if (text() !== kept) timer = setTimeout(save, SAVE_AFTER_MS);
}

// ---- CodeMirror ------------------------------------------------------------------------------------------------------------

const putMark = StateEffect.define();
const marked = StateField.define({
  create: () => ({ line: null, kind: "" }),
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(putMark)) return effect.value;
    return transaction.docChanged && value.kind === "bad" ? { line: null, kind: "" } : value;
  },
  provide: (field) => EditorView.decorations.from(field, ({ line, kind }) => (view) => {
    const { doc } = view.state;
    if (!line || line > doc.lines) return Decoration.none;
    return Decoration.set([Decoration.line({ class: `cm-marked-${kind}` }).range(doc.line(line).from)]);
  }),
});

class Sign extends GutterMarker {
  constructor(kind) { super(); this.kind = kind; }
  eq(other) { return other.kind === this.kind; }
  toDOM() {
    const made = document.createElement("span");
    made.textContent = this.kind === "bad" ? "✗" : "▶";
    made.className = `cm-sign-${this.kind}`;
    made.title = this.kind === "bad" ? "Here it went wrong" : "This line runs next";
    return made;
  }
}

const signs = gutter({
  class: "cm-signs",
  lineMarker(view, line) {
    const { line: number, kind } = view.state.field(marked);
    return number && view.state.doc.lineAt(line.from).number === number ? new Sign(kind) : null;
  },
  lineMarkerChange: (update) => update.startState.field(marked) !== update.state.field(marked),
  initialSpacer: () => new Sign("bad"),
});

function mark(view, line, kind = "") {
  const { line: before, kind: was } = view.state.field(marked);
  if (line === null && kind && was !== kind) return; // somebody else's mark stays
  if (before === line && was === kind) return;
  const effects = [putMark.of({ line, kind: line ? kind : "" })];
  view.dispatch({ effects });
  if (line && line <= view.state.doc.lines) view.requestMeasure({ read: () => scrollTo(view, line) });
}

// The code is scrolled within the editor; the page stays where the learner reads.
function scrollTo(view, line) {
  const block = view.lineBlockAt(view.state.doc.line(Math.min(line, view.state.doc.lines)).from);
  const box = view.scrollDOM;
  if (block.top < box.scrollTop) box.scrollTop = block.top;
  else if (block.bottom > box.scrollTop + box.clientHeight) box.scrollTop = block.bottom - box.clientHeight + view.defaultLineHeight;
}

const LOOK = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "14px", border: "1px solid var(--edge)", borderRadius: "4px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", maxHeight: "max(16em, 56vh)", overflow: "auto" },
  ".cm-content, .cm-gutter": { minHeight: "16em" },
  ".cm-content": { caretColor: "var(--ink)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--soft)", color: "var(--quiet)", border: "none", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--soft) 70%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "color-mix(in srgb, var(--accent) 28%, transparent) !important" },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-soft) !important", outline: "1px solid var(--accent)" },
  ".cm-nonmatchingBracket": { backgroundColor: "var(--bad-soft) !important" },
  ".cm-signs": { minWidth: "1.4em" },
  ".cm-sign-bad": { color: "var(--bad)", fontWeight: "700", padding: "0 3px" },
  ".cm-sign-step": { color: "var(--accent)", padding: "0 3px" },
  ".cm-marked-bad": { backgroundColor: "var(--bad-soft) !important" },
  ".cm-marked-step": { backgroundColor: "var(--accent-soft) !important" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline dotted var(--warn) 2px", textUnderlineOffset: "3px" },
  ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "4px", fontSize: "14px" },
  ".cm-diagnostic": { padding: "6px 10px", maxWidth: "44ch", fontFamily: "system-ui, 'Liberation Sans', sans-serif", whiteSpace: "normal" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "4px solid var(--warn)" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent) !important", color: "var(--on-accent) !important" },
  ".cm-completionIcon": { display: "none" },
  ".cm-panels": { backgroundColor: "var(--soft)", color: "var(--ink)" },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], color: "var(--code-word)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null, tags.self], color: "var(--code-number)" },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)], color: "var(--code-name)" },
]);

function makeEditor(source, language, label, changed) {
  const host = document.createElement("div");
  host.className = "editor";
  host.id = "editor";
  const root = host.attachShadow({ mode: "open" });
  const place = document.createElement("div");
  root.append(place);
  source.after(host);
  source.hidden = true;
  const made = language === "python" ? pythonLanguage : javascriptLanguage;
  const view = new EditorView({
    root,
    parent: place,
    state: EditorState.create({
      doc: source.value,
      extensions: [
        lineNumbers(), signs, marked, highlightActiveLineGutter(), highlightActiveLine(), history(), drawSelection(), indentOnInput(),
        bracketMatching(), closeBrackets(), EditorState.tabSize.of(4), indentUnit.of(language === "python" ? "    " : "  "),
        EditorView.lineWrapping,
        new LanguageSupport(made),
        syntaxHighlighting(COLOURS), LOOK,
        autocompletion({ override: [completing(language)], icons: false }),
        linter((one) => look(one.state, language), { delay: 700 }),
        Prec.highest(keymap.of([{ key: "Escape", run: leaveByTab }])), // before what closes the words of F8 and keeps the key
        keymap.of([
          { key: "Mod-Enter", run: () => true }, // the page's own
          { key: "F8", run: nextMark },
          ...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap, indentWithTab,
        ]),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": "editor-note", "aria-keyshortcuts": "Alt+0", autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
        EditorView.domEventHandlers({
          beforeinput: typeOverSelection,
          blur: (_, one) => { setTimeout(() => one.dispatch({ effects: closeHoverTooltips })); }, // F8 leaves its words standing
        }),
        EditorView.updateListener.of((update) => { if (update.docChanged) changed(); }),
      ],
    }),
  });
  return view;
}

// CodeMirror's own says nothing of a mark that is selected already, the only one, whose words were closed.
function nextMark(view) {
  if (nextDiagnostic(view)) return true;
  if (!diagnosticCount(view.state)) return false;
  view.dispatch({ selection: { anchor: view.state.selection.main.from } });
  return nextDiagnostic(view);
}

// Esc, then Tab leaves the editor; an Esc that closes a list of names is meant for the list.
function leaveByTab(view) {
  if (completionStatus(view.state) === "active") return false;
  view.setTabFocusMode(TAB_LEAVES_MS);
  setTimeout(() => view.setTabFocusMode(TAB_LEAVES_MS)); // CodeMirror's own comes behind, and is shorter
  return false;
}

// Chrome types over selected code by putting in a styled <span>, which the Content-Security-Policy has to refuse.
function typeOverSelection(event, view) {
  const { main } = view.state.selection;
  if (event.inputType !== "insertText" || !event.data || main.empty || view.composing) return false;
  event.preventDefault();
  const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, main.from, main.to, event.data, insert));
  if (!taken) view.dispatch(insert());
  return true;
}

const work = document.getElementById("work");
if (work) open(work);
