"""pytest for the sandbox: a folder of its own, copied from the packages this program runs with, made once.

It holds pytest and what pytest needs, and, where ASSAY_SANDBOX_PACKAGES names a folder, all that lies there too.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from assay.errors import AssayError
from assay.folders import made_whole
from assay.settings import Settings

_MADE_HOW = "1"
_NEVER_IMPORTED = r"/pygments/(lexers|styles)/(?!__init__|_mapping|diff|python|default)"
"""More than half of all there is to compile: languages and colours that pytest never shows."""


def folder_with_pytest(settings: Settings) -> Path:
    """The folder with pytest that Python programs in the sandbox may import from; made if it is not there."""
    if settings.sandbox_packages is not None and not settings.sandbox_packages.is_dir():
        raise AssayError(
            f"The folder of packages {settings.sandbox_packages} is not there.",
            "Make it with: assay sandbox packages NAME…, or unset ASSAY_SANDBOX_PACKAGES.",
        )
    found = _needed("pytest")
    folder = settings.home / "script-packages" / _fingerprint(settings, found)
    if not folder.is_dir():
        _make(folder, settings, found)
    return folder


def importable(folder: Path) -> frozenset[str]:
    """The top-level names that can be imported from a folder of packages."""
    names = {path.stem if path.suffix in (".py", ".so") else path.name for path in folder.iterdir()}
    return frozenset(name.split(".")[0] for name in names if name.split(".")[0].isidentifier())


def _needed(name: str, found: dict[str, Distribution] | None = None) -> dict[str, Distribution]:
    """A distribution and all it requires here."""
    found = {} if found is None else found
    try:
        found[name] = distribution(name)
    except PackageNotFoundError:
        raise AssayError(
            f"{name} is not installed, and the tests of scripts are run with it.", "Install it: pip install pytest"
        ) from None
    for text in found[name].requires or ():
        requirement = Requirement(text)
        if requirement.name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            _needed(requirement.name, found)
    return found


def _fingerprint(settings: Settings, found: dict[str, Distribution]) -> str:
    """What tells one content of the folder from another."""
    told = [
        _MADE_HOW,
        sys.version,
        settings.sandbox_python or "",
        *sorted(f"{n} {d.version}" for n, d in found.items()),
    ]
    if settings.sandbox_packages is not None:
        told.append(str(settings.sandbox_packages.absolute()))
        told += sorted(f"{path.name} {path.stat().st_mtime_ns}" for path in settings.sandbox_packages.iterdir())
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _make(folder: Path, settings: Settings, found: dict[str, Distribution]) -> None:
    """Make it aside and move it into place, so that nobody ever sees half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with made_whole(folder) as fresh:
        if settings.sandbox_packages is not None:
            shutil.copytree(settings.sandbox_packages, fresh, dirs_exist_ok=True, copy_function=_linked)
        for one in found.values():
            _copy(one, fresh)
        python = settings.sandbox_python or sys.executable
        # else each test run would compile pytest anew: 2 s
        compile_all = [python, "-m", "compileall", "-q", "-j", "0", "-x", _NEVER_IMPORTED, str(fresh)]
        subprocess.run(compile_all, check=False, capture_output=True)


def _copy(found: Distribution, into: Path) -> None:
    """What a distribution installed into its folder of packages: no scripts, nothing outside."""
    for file in found.files or ():
        source = Path(str(found.locate_file(file)))
        if ".." in file.parts or file.is_absolute() or "__pycache__" in file.parts or not source.is_file():
            continue
        target = into.joinpath(*file.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(source, target)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
