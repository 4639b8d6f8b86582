"""The bundle is built where Assay is built, once for each state of its sources, and goes along in what is given away."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.browser_fixture import MODULES

ROOT = Path(__file__).parents[2]
PARTS = ("LICENSE", "README.md", "pyproject.toml", "hatch_build.py", "src/assay/__init__.py", "src/assay/web")


@pytest.fixture(scope="session")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of the project as it takes to build it, without a bundle; npm's packages are there already."""
    if not (MODULES.parent / "fetched").is_file():
        pytest.skip("needs npm's packages: python hatch_build.py fetches them, with a reachable npm registry")
    folder = tmp_path / "checkout"
    for part in PARTS:
        place = folder / part
        place.parent.mkdir(parents=True, exist_ok=True)
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__", "static"))
        else:
            shutil.copyfile(source, place)
    (folder / "build" / "web").mkdir(parents=True)
    (folder / "build" / "web" / "node_modules").symlink_to(MODULES)
    shutil.copyfile(MODULES.parent / "fetched", folder / "build" / "web" / "fetched")
    (folder / ".gitignore").write_text("/build/\n/src/assay/web/static/\n/dist/\n")
    return folder


def build(checkout: Path, *targets: str, path: str | None = None) -> str:
    environment = {**os.environ, "PATH": path if path is not None else os.environ["PATH"]}
    command = [sys.executable, "-m", "hatchling", "build", *(f"--target={one}" for one in targets)]
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def manifest(folder: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((folder / "src/assay/web/static/manifest.json").read_text())["files"]
    return files


def test_wheel_and_sdist_carry_the_bundle_and_none_of_npms_packages(checkout: Path) -> None:
    build(checkout, "wheel", "sdist")
    script = manifest(checkout)["app.js"]
    (wheel,) = (checkout / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert f"assay/web/static/{script}" in names
    assert "assay/web/static/manifest.json" in names
    assert "assay/web/assets/app.css" in names
    assert "assay/web/templates/web/base.html" in names
    (sdist,) = (checkout / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = archive.getnames()
    assert any(name.endswith(f"src/assay/web/static/{script}") for name in packed)
    assert any(name.endswith("package-lock.json") for name in packed)
    assert not any("node_modules" in name or "axe" in name for name in [*names, *packed])


def test_an_editable_install_builds_it_too(checkout: Path) -> None:
    (checkout / "dist").mkdir()
    command = [sys.executable, "-c", "import hatchling.build as build; build.build_editable('dist')"]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True, timeout=300)
    assert (checkout / "src/assay/web/static" / manifest(checkout)["app.js"]).is_file()


def test_an_sdist_is_built_into_a_wheel_without_npm(checkout: Path, tmp_path: Path) -> None:
    build(checkout, "sdist")
    (sdist,) = (checkout / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # which came with Python 3.11.4
        archive.extractall(tmp_path / "unpacked")
    (folder,) = (tmp_path / "unpacked").iterdir()
    said = build(folder, "wheel", path="")
    assert "not built" not in said
    assert not (folder / "build").exists(), "npm was asked for what the sdist carries"


def test_the_bundle_is_built_once_for_each_state_of_its_sources(checkout: Path, hook: ModuleType) -> None:
    web, workplace = checkout / "src/assay/web", checkout / "build/web"
    assert hook.build(web, workplace) is True
    first = manifest(checkout)
    assert hook.build(web, workplace) is False
    script = web / "assets" / "app.js"
    script.write_text(script.read_text() + '\nconsole.log("changed");\n')
    assert hook.build(web, workplace) is True
    assert manifest(checkout) != first
    (web / "static" / manifest(checkout)["app.js"]).unlink()
    assert hook.build(web, workplace) is True


def test_where_it_cannot_be_built_one_line_says_so_and_the_rest_is(checkout: Path) -> None:
    (checkout / "src/assay/web/assets/app.js").write_text("this is no script")
    said = build(checkout, "wheel")
    (line,) = [one for one in said.splitlines() if "was not built" in one]
    assert "Its pages work without it." in line
    (wheel,) = (checkout / "dist").glob("*.whl")
    assert not any("static" in name for name in zipfile.ZipFile(wheel).namelist())


def test_the_lock_names_no_host() -> None:
    assets = ROOT / "src/assay/web/assets"
    lock = (assets / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "omit-lockfile-registry-resolved=true" in (assets / ".npmrc").read_text()
    packages = json.loads(lock)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)
