"""Workers take items a few ahead and give what they made of them; the programs of one share a processor."""

import os
import threading
from collections.abc import Iterator

import pytest

from assay.pipeline.checks.perform import run_many
from assay.pipeline.sandbox.workers import as_done
from assay.pipeline.sandbox.zygote import Zygote
from assay.records import Asserts, Limits, Program, Spec, Task


def test_results_come_as_they_are_done_and_items_are_taken_a_few_ahead() -> None:
    taken: list[int] = []
    first = threading.Event()

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    def work(number: int) -> int:
        if number == 0:
            first.wait(20)
        return number

    results = as_done(work, items(), 2)
    assert [next(results) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert len(taken) < 15
    first.set()
    assert sorted(results) == [0, *range(6, 20)]


def test_what_work_raises_is_raised_and_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise ValueError("three")
        return number

    with pytest.raises(ValueError, match="three"):
        list(as_done(work, range(1000), 1))
    assert len(begun) < 20


def test_closed_early_it_waits_for_those_that_run() -> None:
    running = threading.Event()
    over: list[int] = []

    def work(number: int) -> int:
        if number == 1:
            running.set()
            threading.Event().wait(0.2)
        over.append(number)
        return number

    results = as_done(work, range(1000), 2)
    next(results)
    running.wait(20)
    results.close()
    assert 1 in over
    assert len(over) < 20


_SAYS_WHERE = b"import os, time\ntime.sleep(0.05)\nprint(sorted(os.sched_getaffinity(0)))"


@pytest.fixture
def allowed() -> Iterator[list[int]]:
    """At most two processors, however many this machine has."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:2])
    yield sorted(before)[:2]
    os.sched_setaffinity(0, before)


def _seen(zygote: Zygote, workers: int) -> list[str]:
    spec = Spec(files={"main.py": _SAYS_WHERE})
    return [run.stdout.decode().strip() for run in zygote.map([spec] * 8, workers)]


def test_each_of_enough_workers_keeps_its_programs_on_one_processor(zygote: Zygote, allowed: list[int]) -> None:
    assert set(_seen(zygote, len(allowed))) == {str([number]) for number in allowed}


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor")
def test_fewer_workers_leave_it_to_the_kernel(zygote: Zygote, allowed: list[int]) -> None:
    _seen(zygote, 2)
    assert set(_seen(zygote, 1)) == {str(allowed)}
    assert zygote.run(Spec(files={"main.py": _SAYS_WHERE})).stdout.decode().strip() == str(allowed)


def test_test_code_runs_where_its_candidate_does(zygote: Zygote, allowed: list[int]) -> None:
    check = Asserts(entry="f", source="import os\nassert f() == sorted(os.sched_getaffinity(0))")
    task = Task(id="t", suite="t", prompt="", entry="f", checks=(check,), limits=Limits(wall_s=20))
    program = Program(files={"main.py": b"import os\ndef f():\n    return sorted(os.sched_getaffinity(0))"})
    jobs = [(str(number), task, program) for number in range(8)]
    for _, (run,) in run_many(zygote, jobs, len(allowed)):
        assert '"passed"' in run.transcript[-1], run.transcript
        assert any(f"[{number}]" in run.transcript[-2] for number in allowed)
