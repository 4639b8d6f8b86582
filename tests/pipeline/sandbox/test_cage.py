"""A bubblewrap that does not come up, or answers no more: what is said, and that nothing of it is left."""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import SandboxUnavailable
from assay.pipeline.sandbox.cage import Cage
from assay.pipeline.sandbox.runtime import Runtime, find_runtime
from assay.pipeline.sandbox.zygote import Zygote

ROOT = Path(__file__).parents[3]


@pytest.fixture
def runtime(zygote: Zygote) -> Runtime:
    """This machine's, where sandboxes work."""
    zygote.close()
    return find_runtime(None, None)


@pytest.fixture
def hangs() -> Iterator[str]:
    """A program that everybody may run, and that never says anything."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        script = Path(folder, "bwrap")
        script.write_text("#!/bin/sh\nexec sleep 1000\n")
        script.chmod(0o755)
        yield str(script)


def _refused(runtime: Runtime, within_s: float = 30.0) -> SandboxUnavailable:
    with pytest.raises(SandboxUnavailable) as caught:
        Cage(runtime, warm=True, counted=False, within_s=within_s)
    return caught.value


@pytest.mark.parametrize("python", ["/usr/bin/false", "/nonexistent"], ids=["ends-at-once", "is-not-there"])
def test_an_interpreter_that_does_not_start_is_told_as_that(runtime: Runtime, python: str) -> None:
    error = _refused(replace(runtime, python=python))
    assert str(error).startswith(f"The interpreter {python} does not start in the sandbox: ")
    assert "ASSAY_SANDBOX_PYTHON" in error.help


def test_what_bubblewrap_cannot_make_is_told_in_its_words(runtime: Runtime) -> None:
    error = _refused(replace(runtime, binds=(("/nonexistent", "/run/assay/python"),)))
    assert str(error).startswith("bubblewrap cannot make a sandbox here: bwrap: ")
    assert "/nonexistent" in str(error)
    assert "user namespaces" in error.help


def test_a_bubblewrap_that_hangs_is_given_up(runtime: Runtime, hangs: str) -> None:
    assert "did not start within 0.2 s" in str(_refused(replace(runtime, bwrap=hangs), within_s=0.2))


def starts_in_vain(hangs: str) -> None:
    """Try to start sandboxes that cannot be; prints the descriptors before and after, and the uid of a good one."""
    runtime = find_runtime(None, None)
    broken = [
        replace(runtime, bwrap="/nonexistent"),
        replace(runtime, bwrap=hangs),
        replace(runtime, python="/usr/bin/false"),
        replace(runtime, binds=(("/nonexistent", "/run/assay/python"),)),
    ]
    with closing(Cage(runtime, warm=True, counted=False)) as cage:
        uid = os.stat(f"/proc/{cage.pid}").st_uid  # the first to be lent
    before = _descriptors()
    for one in broken:
        _refused(one, within_s=0.2)
    after = _descriptors()
    with closing(Cage(runtime, warm=True, counted=False)) as cage:
        print(json.dumps([before, after, uid, os.stat(f"/proc/{cage.pid}").st_uid]))


def _descriptors() -> list[str]:
    gc.collect()
    found = []
    for fd in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the one that lists them
            found.append(os.readlink(f"/proc/self/fd/{fd}"))
    return sorted(found)


def test_a_sandbox_that_cannot_be_started_leaves_no_descriptor_and_no_uid(zygote: Zygote, hangs: str) -> None:
    zygote.close()
    # In a process of its own: here other tests' sandboxes have threads, which open descriptors meanwhile.
    command = "import sys; from tests.pipeline.sandbox.test_cage import starts_in_vain; starts_in_vain(sys.argv[1])"
    said = subprocess.run(
        [sys.executable, "-c", command, hangs], cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    assert said.returncode == 0, said.stderr
    before, after, uid, same_uid = json.loads(said.stdout)
    assert after == before
    assert same_uid == uid


def test_a_zygote_that_answers_no_more_is_waited_for_no_longer_than_it_may_take(runtime: Runtime) -> None:
    with closing(Cage(runtime, warm=True, counted=False)) as cage:
        cage.control.settimeout(0.1)
        os.kill(cage.pid, signal.SIGSTOP)
        cage.request([])
        with pytest.raises(TimeoutError):
            cage.program()
        with pytest.raises(TimeoutError):
            cage.dial(1)
