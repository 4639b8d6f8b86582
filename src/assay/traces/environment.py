"""MLflow's own environment: made once, from the lock that lies beside this file, apart from everything of ours.

It is never installed beside Assay: it brings some seventy packages, and next to litellm it hangs without a network.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from assay.errors import AssayError

LOCK = Path(__file__).parent / "requirements.txt"
"""Made by `uv pip compile` from requirements.in, with hashes; names no index."""
_TAIL = 12  # lines of a failed installation that are shown


def version() -> str:
    """The version of MLflow that the lock names."""
    found = re.search(r"^mlflow==(\S+)", LOCK.read_text(), re.MULTILINE)
    assert found, "the lock names MLflow"
    return found[1]


def packages() -> int:
    """How many packages the lock names, for progress."""
    return len(re.findall(r"^[\w.-]+==", LOCK.read_text(), re.MULTILINE))


def place_of(home: Path) -> Path:
    """The environment's folder: another lock, another Python, another folder."""
    made_of = LOCK.read_bytes() + sys.version.encode()
    return home / "mlflow" / f"venv-{hashlib.sha256(made_of).hexdigest()[:12]}"


def is_ready(home: Path) -> bool:
    """Whether it was installed whole."""
    return (place_of(home) / "complete").is_file()


def prepare(home: Path, said: Callable[[str], None]) -> Path:
    """The environment, made if it is not there; only one process makes it. Raises AssayError."""
    place = place_of(home)
    if is_ready(home):
        return place
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_ready(home):
            said(f"Installing MLflow {version()} into {place} (once; some 850 MB, a few minutes) …")
            _install(place, said)
            (place / "complete").touch()
            for old in place.parent.glob("venv-*"):
                if old != place:
                    shutil.rmtree(old, ignore_errors=True)
    return place


def _install(place: Path, said: Callable[[str], None]) -> None:
    shutil.rmtree(place, ignore_errors=True)
    try:
        venv.create(place, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise AssayError(
            f"No environment can be made in {place}: {error}.",
            "Debian's Python needs the package python3-venv; or there is no room.",
        ) from None
    # wheels only: nothing that is downloaded runs before it is asked for
    command = [str(place / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "-r", str(LOCK)]
    total = packages()
    last: list[str] = []
    seen = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            last = [*last, line.rstrip()][-_TAIL:]
            if line.startswith(("Collecting ", "Processing ")):
                seen += 1
                if seen % 10 == 0:
                    said(f"  {seen} of about {total} packages")
            elif line.startswith("Installing collected"):
                said("  All are here; putting them in place …")
    if pip.returncode:
        shown = "\n".join(last)
        shutil.rmtree(place, ignore_errors=True)
        raise AssayError(
            f"MLflow could not be installed:\n{shown}",
            "Is the package index reachable, and is there room? Then run the command again.",
        )
