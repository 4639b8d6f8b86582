"""A busy machine changes no verdict: what ran out of time is run again alone, with what its limit stands for when idle."""

import platform
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.errors import SandboxUnavailable
from assay.pipeline.checks import grade
from assay.pipeline.checks.answers import encoded
from assay.pipeline.checks.pace import MOST, Pace, processor, turn
from assay.pipeline.checks.perform import run_many
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.records import Asserts, Calls, Case, Limits, Program, Run, Task
from assay.settings import Settings

LOOP = "number = 1\nfor step in range(20_000):\n    number = (number * 3 + step) % 65_521\n"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    try:
        opened = open_sandbox(Settings(home=tmp_path_factory.mktemp("home")))
    except SandboxUnavailable as error:
        pytest.skip(f"needs a sandbox: {error}")
    with opened:
        yield opened


def run(sandbox: Sandbox, body: str, cpu_s: float, pace: Pace) -> Run:
    check = Calls(entry="f", cases=(Case(id="c", args=encoded([]), expect=encoded(1)),))
    task = Task(id="t", suite="s", prompt="", entry="f", checks=(check,), limits=Limits(cpu_s=cpu_s, wall_s=60))
    source = "def f():\n" + "".join(f"    {line}\n" for line in body.splitlines()) + "    return 1\n"
    ((_, (found,)),) = run_many(sandbox, [("k", task, Program(files={"main.py": source.encode()}))], 1, pace)
    return found


def at_rest(folder: Path) -> Pace:
    """A pace that knows this machine idle, as far as it was within these few looks."""
    pace = Pace(folder / "pace.json")
    for _ in range(3):
        pace.slowdown()
    return pace


def test_what_fits_its_limit_on_an_idle_machine_passes_on_one_that_is_slower_now(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    limit = 0.5
    pace = at_rest(tmp_path)
    turns = int(1.4 * limit / min(turn() for _ in range(200)))
    pace._fastest /= 1.7  # so the idle machine would need 0.82 of the limit
    found = run(
        sandbox, f"for _ in range({turns}):\n" + "".join(f"    {line}\n" for line in LOOP.splitlines()), limit, pace
    )
    assert (found.status, found.again) == ("ok", True), found
    assert found.cpu_s > limit


def test_what_never_ends_is_run_again_alone_and_says_by_how_much_its_limit_was_stretched(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    pace = at_rest(tmp_path)
    pace._fastest /= 1.5  # as a machine whose other thread was idle when it was first looked at
    found = run(sandbox, "while True: pass", 0.3, pace)
    assert (found.status, found.again) == ("cpu", True)
    stretched = re.search(
        r"run again alone with ([12](?:\.\d+)?) times the limits of its task, 0\.3 s of CPU time", found.detail
    )
    assert stretched is not None, found.detail
    assert 1.3 < float(stretched[1]) <= MOST
    assert found.cpu_s > 0.3 * 1.3


def test_a_run_in_time_is_run_once(sandbox: Sandbox, tmp_path: Path) -> None:
    assert not run(sandbox, "pass", 5, Pace(tmp_path / "pace.json")).again


def test_who_dawdles_after_a_test_has_failed_is_not_run_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """Else whoever guesses would be given another throw."""
    source = b"def f(n):\n    if n == 2:\n        import threading\n        threading.Thread(target=spin).start()\n    return 0\ndef spin():\n    while True: pass\n"
    limits = Limits(cpu_s=0.3, wall_s=20)
    check = Asserts(entry="f", source="assert f(1) == 0\nassert f(2) == 1\n")
    task = Task(id="t", suite="s", prompt="", entry="f", checks=(check,), limits=limits)
    jobs = [("k", task, Program(files={"main.py": source}))]
    ((_, (found,)),) = run_many(sandbox, jobs, 1, at_rest(tmp_path))
    assert not found.again
    assert not grade(task, jobs[0][2], [found]).passed


def test_the_fastest_that_was_seen_is_kept_and_a_stretch_is_bounded(tmp_path: Path) -> None:
    first = at_rest(tmp_path)
    assert 1 <= first.slowdown() <= MOST
    assert Pace(tmp_path / "pace.json")._fastest == first._fastest
    first._fastest /= 100
    assert first.slowdown() == MOST


@pytest.mark.parametrize("kept", ["", "{}", '{"machine": "another", "turn_s": 1e-9}', '{"machine": 1}', "\x00"])
def test_what_was_kept_of_another_machine_or_is_no_record_counts_for_nothing(tmp_path: Path, kept: str) -> None:
    (tmp_path / "pace.json").write_text(kept)
    pace = Pace(tmp_path / "pace.json")
    assert pace._fastest == float("inf")
    assert pace.slowdown() >= 1
    assert Pace(tmp_path / "pace.json")._fastest < 1


ARM = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x{0}\nCPU part\t: 0xd{1}\n"


def test_processors_are_told_apart_on_arm_too() -> None:
    intel = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) CPU @ 2.60GHz\nprocessor\t: 1\nmodel name\t: Intel(R) Xeon(R)"
    assert processor(intel) == "Intel(R) Xeon(R) CPU @ 2.60GHz"
    told = [processor(about) for about in (ARM.format(3, "0c"), ARM.format(1, "40"), ARM.format(3, "0c") * 4, "")]
    assert len(set(told)) == 3
    assert told[0] == told[2]
    assert all(one.endswith(platform.node()) for one in told)
