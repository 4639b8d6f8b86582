"""Which interpreter programs get, and the copies that root makes of what its programs could not reach."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.pipeline.sandbox.runtime import _hold, _reachable, _sweep, find_bare_runtime


def script(path: Path, line: str) -> str:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)


def test_a_name_that_leads_to_a_script_is_followed_to_the_interpreter_it_starts(tmp_path: Path) -> None:
    """Else the folder above the script, which may hold anything, would be taken for the interpreter's own."""
    shim = script(tmp_path / "python3", f'exec "{sys.executable}" "$@"')
    assert find_bare_runtime(shim, None).python == find_bare_runtime(None, None).python


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("printf '\\ncpython-310 3.10\\n'", "which is Python 3.10"),
        ("echo usage: something else", "which is no Python 3 that runs"),
        ("exit 1", "which is no Python 3 that runs"),
    ],
    ids=["too-old", "something-else", "broken"],
)
def test_what_cannot_run_programs_is_refused_by_its_name(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(AssayError, match=said) as caught:
        find_bare_runtime(script(tmp_path / "python3", line), None)
    assert "3.11" in caught.value.help
    with pytest.raises(AssayError, match="no program here"):
        find_bare_runtime(str(tmp_path / "nothing"), None)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of packages that only its owner may read."""
    folder = tmp_path / "packages"
    (folder / "pkg" / "tests").mkdir(parents=True)
    (folder / "pkg" / "share").mkdir()
    (folder / "pkg" / "__init__.py").write_text("from pkg import tests")
    (folder / "pkg" / "tests" / "__init__.py").write_text("")
    (folder / "pkg" / "share" / "table.csv").write_text("1,2")
    folder.chmod(0o700)
    return folder


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    made = tmp_path / "shared"
    made.mkdir()
    return made


def test_packages_are_copied_whole(packages: Path, shared: Path) -> None:
    copy = _reachable(packages, shared, "packages")
    assert copy.is_relative_to(shared)
    names = {path.relative_to(packages) for path in packages.rglob("*")}
    assert {path.relative_to(copy) for path in copy.rglob("*")} == names
    assert all(path.stat().st_mode & 0o005 for path in copy.rglob("*"))


def test_an_interpreter_is_copied_without_what_no_program_needs(packages: Path, shared: Path) -> None:
    copy = _reachable(packages, shared, "python")
    assert sorted(path.name for path in copy.rglob("*")) == ["__init__.py", "pkg"]


def test_a_changed_package_is_copied_anew_and_an_unchanged_one_is_not(packages: Path, shared: Path) -> None:
    first = _reachable(packages, shared, "packages")
    (packages / "pkg" / "__pycache__").mkdir()
    (packages / "pkg" / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"x")
    assert _reachable(packages, shared, "packages") == first
    (packages / "pkg" / "tests" / "__init__.py").write_text("x = 2")
    second = _reachable(packages, shared, "packages")
    assert second != first
    assert (second / "pkg" / "tests" / "__init__.py").read_text() == "x = 2"


_ELSEWHERE = "import sys\nfrom pathlib import Path\nfrom assay.pipeline.sandbox.runtime import _reachable\nprint(_reachable(Path(sys.argv[1]), Path(sys.argv[2]), 'packages').parent, flush=True)\ninput()"


def test_a_copy_that_nobody_uses_is_swept_when_it_is_old(packages: Path, shared: Path) -> None:
    (shared / "uids").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", _ELSEWHERE, packages, shared], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        copy = Path(other.stdout.readline().strip())
        for folder in (copy, shared / "uids"):
            os.utime(folder, (0, 0))
        _sweep(shared)
        assert copy.is_dir()  # another process has it
        other.communicate("\n")
    os.utime(copy)
    _sweep(shared)
    assert copy.is_dir()  # it was asked for a moment ago
    os.utime(copy, (0, 0))
    _sweep(shared)
    assert [path.name for path in shared.iterdir()] == ["uids"]
    assert not _hold(copy)
    assert _reachable(packages, shared, "packages").is_dir()
