"""The errata overlay: what it marks, and that every entry's evidence holds on the real data."""

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from assay.bench.suites import Suite, humaneval, humaneval_plus, load_suite, mbpp, mbpp_plus
from assay.bench.suites.errata import Erratum, known
from assay.settings import Settings

FILES = {
    "humaneval": "humaneval/HumanEval.jsonl.gz",
    "humaneval+": "humanevalplus/HumanEvalPlus-Mini.jsonl.gz",
    "mbpp": "mbpp/sanitized-mbpp.json",
    "mbpp+": "mbppplus/MbppPlus.jsonl.gz",
}
"""Of HumanEval+ the Mini edition: its references are the same, and it is read twenty times as fast."""

FAIL_HUMANEVAL_PLUS = (22, 31, 32, 39, 44, 49, 55, 63, 64, 76, 91, 95, 97, 111, 122, 123, 124, 125, 127, 132, 140, 150)

CALLER = """
import json, signal, sys

def late(*_):
    raise TimeoutError

def called(source, call):
    names = {}
    signal.setitimer(signal.ITIMER_VIRTUAL, 1)  # of its own time: what loops uses it up, what waits for a processor does not
    try:
        exec(source, names)
        return repr(eval(call, names))
    except TimeoutError:
        return "no answer"
    except Exception as error:
        return f"raises {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

signal.signal(signal.SIGVTALRM, late)
print(json.dumps([called(source, call) for source, call in json.load(sys.stdin)]))
"""


@cache
def load(data: Path, name: str, *, errata: bool = True) -> Suite:
    return load_suite(name, data / "bench" / FILES[name], settings=Settings(home=data), errata=errata)


def answers(asked: list[tuple[str, str]]) -> list[str]:
    """What each call gives after its source, in a Python of its own."""
    made = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", CALLER],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    read: list[str] = json.loads(made.stdout)
    return read


def entries(suite: str) -> list[Erratum]:
    return [entry for entry in known() if entry.suite == suite]


@pytest.mark.parametrize("name", ["humaneval", "mbpp", "mbpp+"])
def test_every_call_of_the_evidence_gives_what_its_entry_says(data: Path, name: str) -> None:
    references = {task.id: task.reference or "" for task in load(data, name).tasks}
    asked = [(references[entry.task], entry.call) for entry in entries(name)]
    assert dict(zip(asked, answers(asked), strict=True)) == {
        (references[entry.task], entry.call): entry.gives for entry in entries(name)
    }


def test_humaneval_plus_put_right_what_the_entries_of_humaneval_say(data: Path) -> None:
    references = {task.id: task.reference or "" for task in load(data, "humaneval+").tasks}
    mended = [entry for entry in entries("humaneval") if entry.says.startswith("The reference ")]
    assert answers([(references[entry.task], entry.call) for entry in mended]) == [entry.should for entry in mended]


def test_the_22_references_of_humaneval_that_fail_humaneval_plus_are_all_there() -> None:
    faulty = {entry.task for entry in entries("humaneval") if entry.says.startswith("The reference ")}
    assert faulty == {f"HumanEval/{number}" for number in FAIL_HUMANEVAL_PLUS}


def test_a_task_has_one_entry_in_a_suite() -> None:
    twice = [task for task, count in Counter((entry.suite, entry.task) for entry in known()).items() if count > 1]
    assert not twice


@pytest.mark.parametrize("name", ["humaneval", "mbpp", "mbpp+"])
def test_marked_tasks_differ_in_their_mark_alone(data: Path, name: str) -> None:
    marked, bare = load(data, name), load(data, name, errata=False)
    assert {task.id for task in marked.tasks if task.erratum} == {entry.task for entry in entries(name)}
    assert not any(task.erratum for task in bare.tasks)
    assert [task.model_copy(update={"erratum": None}) for task in marked.tasks] == list(bare.tasks)


def test_a_mark_says_what_is_wrong_and_shows_it() -> None:
    texts = {(entry.suite, entry.task): entry.text for entry in known()}
    assert texts["humaneval", "HumanEval/44"] == (
        "The reference writes nothing for zero: change_base(0, 3) gives '', where '0' is due."
    )
    assert texts["mbpp", "Mbpp/777"] == (
        "The reference looks into an empty list: find_sum([]) raises IndexError, where 0 is due."
    )


def test_the_documentation_lists_every_release_and_counts_the_errata() -> None:
    page = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text()
    for module in (humaneval, humaneval_plus, mbpp, mbpp_plus):
        assert module.RELEASE.sha256 in page
    for title, suite in (("HumanEval", "humaneval"), ("MBPP", "mbpp"), ("MBPP+", "mbpp+")):
        assert f"**{title}, {len(entries(suite))} tasks.**" in page
