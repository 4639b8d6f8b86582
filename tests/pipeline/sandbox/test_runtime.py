"""Which interpreter programs get: the one that is named, whatever the name leads to, or none and why."""

import sys
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.pipeline.sandbox.runtime import find_bare_runtime


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
