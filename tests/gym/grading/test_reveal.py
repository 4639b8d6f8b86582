"""What a learner must not see stays unseen, whatever the program tells."""

import json
import socket
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pytest

from assay.errors import SandboxUnavailable
from assay.gym.grading import Grader
from assay.gym.grading.reveal import is_builtin, seen
from assay.gym.records.problems import Reveal, Test, Visibility
from assay.gym.records.results import FullCase, FullReport, Graded, Outcome, Verdict
from assay.pipeline.sandbox import Dialogue, Sandbox
from assay.records import Spec
from assay.settings import Settings
from tests.gym.made import problem

ABOVE = problem()
GOOD = ABOVE.languages["python"].solution
SECRETS = ("7202", "7303", "7404", "7405")
TELLERS = [
    "def above(n, limit):\n    return n + [limit]\n",
    "def above(n, limit):\n    print(n, limit)\n    return None\n",
    "def above(n, limit):\n    raise ValueError(repr(n) + repr(limit))\n",
    "def above(n, limit):\n    raise type('E' + '_'.join(str(x).replace('-', 'm') for x in n), (Exception,), {})()\n",
    "kept = []\ndef above(n, limit):\n    kept.append(n)\n    print('\\x1e0\\x1e', kept)\n    return kept\n",
    "import sys\ndef above(n, limit):\n    sys.stderr.write('\\x1e{\"note\": \"error\", \"text\": \"' + str(n) + '\", \"type\": \"' + str(n) + '\"}\\n')\n    raise KeyError(str(n))\n",
    "import os\ndef above(n, limit):\n    os.write(2, repr(n).encode())\n    os._exit(n[0] % 256)\n",
    # a line that is none
    "import os\ndef above(n, limit):\n    os.write(2, b'\\x1e{\"note\": \"error\", \"case\": 5, \"line\": %d}\\n' % abs(n[0]))\n    raise KeyError\n",
    # right until it has seen enough
    "kept = []\ndef above(n, limit):\n    kept.append(n)\n    return [x for x in n if x > limit] if len(kept) < 8 else str(kept)\n",
    "import threading, time\nkept = []\ndef tell():\n    while True:\n        print(kept)\n        time.sleep(0.001)\nthreading.Thread(target=tell, daemon=True).start()\ndef above(n, limit):\n    kept.append(n)\n    time.sleep(0.01)\n    return n\n",
    # right where all may be seen, and telling elsewhere
    "def above(n, limit):\n    if abs(n[0]) < 7200:\n        return [x for x in n if x > limit]\n    raise KeyError(str(n))\n",
    "def above(n, limit):\n    if not n or abs(n[0]) < 7200:\n        return [x for x in n if x > limit]\n    print(n)\n    return n\n",
]  # fmt: skip


@pytest.mark.parametrize("source", TELLERS)
def test_a_program_that_tells_its_arguments_tells_none_of_the_concealed_ones(grader: Grader, source: str) -> None:
    graded = grader.submit(ABOVE, "python", source, "me")
    told = graded.model_dump_json()
    assert graded.verdict != "pass"
    for secret in SECRETS[1:]:
        assert secret not in told
    for case in graded.cases:  # this one's input may be seen, where it failed
        assert "7202" not in json.dumps(case.model_dump(exclude={"call"}))
    assert "7202" not in json.dumps(graded.model_dump(exclude={"cases"}))


TELLING = """
const kept = []
function above(n, limit) {
  kept.push(n)
  console.log(JSON.stringify(kept))
  process.stderr.write('\\x1e' + JSON.stringify({ note: 'error', case: 0, text: JSON.stringify(kept), type: 'E' + kept }) + '\\n')
  if (kept.length > 3) throw new Error(JSON.stringify(kept))
  return n.filter((x) => x > limit)
}
"""


def test_javascript_that_tells_its_arguments_tells_none_of_the_concealed_ones(grader: Grader) -> None:
    graded = grader.submit(ABOVE, "javascript", TELLING, "me")
    assert graded.verdict == "exception"
    assert not any(secret in graded.model_dump_json(exclude={"cases": {3}}) for secret in SECRETS)


class FailsAtFirst:
    """A sandbox that starts no program when it is first asked to after each `begin`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.begun = False

    def begin(self) -> None:
        self.begun = True

    def open(self, spec: Spec, channel: socket.socket | None = None) -> AbstractContextManager[Dialogue]:
        if self.begun:
            self.begun = False
            raise SandboxUnavailable("No program can be started just now.")
        return self._sandbox.open(spec, channel)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sandbox, name)


def test_the_same_is_told_where_each_part_runs_by_itself(grader: Grader, gym_sandbox: Sandbox, tmp_path: Path) -> None:
    endless = "def above(n, limit):\n    while True:\n        pass\n"
    sources = [
        GOOD,
        *TELLERS[:1],
        *TELLERS[4:6],
        *TELLERS[-1:],
        endless,
    ]  # one of each kind: each costs two processes more
    in_one = [grader.submit(ABOVE, "python", source, "me") for source in sources]
    failing = FailsAtFirst(gym_sandbox)
    apart = []
    with Grader(Settings(home=tmp_path), sandbox=cast("Sandbox", failing)) as other_grader:
        for source in sources:
            failing.begin()
            apart.append(other_grader.submit(ABOVE, "python", source, "me"))
            assert not failing.begun
    for one, other in zip(in_one, apart, strict=True):
        assert one.verdict == other.verdict
        assert [case.outcome for case in one.cases[:3]] == [case.outcome for case in other.cases[:3]]
        assert not any(secret in other.model_dump_json(exclude={"cases": {3}}) for secret in SECRETS)


def test_each_hidden_test_shows_what_its_author_allows(grader: Grader) -> None:
    graded = grader.submit(ABOVE, "python", "def above(n, limit):\n    print(n)\n    return 'no'\n", "me")
    shown = {case.number: case for case in graded.cases}
    assert [shown[number].id for number in (3, 4, 5, 6)] == ["open1", "input1", "name1", ""]
    assert (shown[3].call, shown[3].expected, shown[3].got) == ("above([7101], 0)", "[7101]", "'no'")
    assert (shown[4].call, shown[4].expected, shown[4].got, shown[4].printed) == ("above([7202, -5], 0)", "", "", "")
    assert (shown[5].name, shown[5].call) == ("none at all", "")
    assert (shown[6].name, shown[6].call, shown[6].line) == ("", "", None)
    assert all(case.message for case in shown.values())


def test_hidden_tests_that_passed_show_nothing_but_their_name(grader: Grader) -> None:
    graded = grader.submit(
        ABOVE, "python", "def above(n, limit):\n    return [] if limit < 0 else [x for x in n if x > limit]\n", "me"
    )
    (failed,) = {case.outcome for case in graded.cases if case.id.startswith("g") and case.outcome != "passed"}
    assert failed == "failed"
    for case in graded.cases:
        if case.visibility == "hidden" and case.outcome == "passed":
            assert (case.call, case.expected, case.got, case.printed, case.message) == ("", "", "", "", "")


def test_a_generated_test_that_fails_shows_its_input(grader: Grader) -> None:
    source = "def above(n, limit):\n    return [x for x in n if x > limit] if n and n[0] != 0 else None\n"
    graded = grader.submit(
        ABOVE, "python", "def above(n, limit):\n    return [] if len(n) > 4 else [x for x in n if x > limit]\n", "me"
    )
    assert graded.verdict == "wrong", source
    failed = next(case for case in graded.cases if case.outcome == "failed")
    assert failed.call.startswith("above([")
    assert failed.expected != failed.got


def test_the_full_report_keeps_what_a_learner_does_not_see(grader: Grader) -> None:
    report = grader.check(ABOVE, "python", "def above(n, limit):\n    return n\n")
    assert report.outcome("none1") == "failed"
    assert "7404" in report.model_dump_json()
    assert "7404" not in seen(report, "submit").model_dump_json()


# ---- each policy, without a sandbox ----------------------------------------------------------------------------------


def full_case(visibility: Visibility, reveal: Reveal, outcome: Outcome, number: int = 7, **more: Any) -> FullCase:
    test = Test(id=f"id{number}", name="what it checks", visibility=visibility, reveal=reveal, args=[])
    told: dict[str, Any] = {
        "call": "the call", "expected": "the expected", "got": "the got", "printed": "the printed", "line": 3,
        "message": "the message", "verdict": "exception", "error_type": "KeyError", "error_text": "the text",
    }  # fmt: skip
    return FullCase(number=number, test=test, outcome=outcome, **{**told, **more})


ALL = {"id", "name", "call", "expected", "got", "printed", "message", "line"}
POLICIES: list[tuple[Visibility, Reveal, Outcome, set[str]]] = [
    ("public", "nothing", "passed", ALL),
    ("public", "nothing", "failed", ALL),
    ("public", "nothing", "error", ALL),
    ("hidden", "full", "failed", ALL),
    ("hidden", "full", "passed", {"id", "name"}),
    ("hidden", "full", "error", {"id", "name"}),
    ("hidden", "input", "failed", {"id", "name", "call", "message", "line"}),
    ("hidden", "input", "passed", {"id", "name"}),
    ("hidden", "input", "error", {"id", "name"}),
    ("hidden", "name", "failed", {"id", "name", "message", "line"}),
    ("hidden", "name", "not_run", {"id", "name"}),
    ("hidden", "nothing", "failed", {"message"}),
    ("hidden", "nothing", "passed", set()),
    ("hidden", "nothing", "error", set()),
]


@pytest.mark.parametrize(("visibility", "reveal", "outcome", "shown"), POLICIES)
def test_a_test_shows_by_its_policy_and_outcome(
    visibility: Visibility, reveal: Reveal, outcome: Outcome, shown: set[str]
) -> None:
    case = full_case(visibility, reveal, outcome)
    (one,) = seen(FullReport(problem="p", language="python", verdict="exception", cases=(case,)), "submit").cases
    assert {name for name in ALL if getattr(one, name)} == shown
    assert (one.number, one.visibility, one.outcome) == (7, visibility, outcome)
    if shown != ALL:  # where a message is shown at all it is ours, and names what Python itself has
        assert "the message" not in one.message
        assert ("KeyError" in one.message) == ("line" in shown)


def headed(case: FullCase, verdict: Verdict = "exception") -> Graded:
    """What stands above the tests."""
    report = FullReport(
        problem="p", language="python", verdict=verdict, cases=(case,), message="the message", line=3,
        error_type=case.error_type, error_text="the text",
    )  # fmt: skip
    return seen(report, "submit")


def test_the_head_of_a_report_tells_no_more_than_its_first_failed_test() -> None:
    for case in (full_case("public", "nothing", "failed"), full_case("hidden", "full", "failed")):
        found = headed(case)
        assert (found.message, found.line, found.error_type) == ("the message", 3, "KeyError")
        assert found.error_text == "the text"
    named = headed(full_case("hidden", "name", "failed"))
    assert (named.message, named.line, named.error_type) == (named.cases[0].message, 3, "KeyError")
    made = headed(full_case("hidden", "input", "failed", error_type="E7404"))
    assert "E7404" not in made.model_dump_json()
    silent = headed(full_case("hidden", "nothing", "failed"))
    assert (silent.message, silent.line, silent.error_type) == (silent.cases[0].message, None, "")
    for found in (named, made, silent):
        assert found.error_text == ""
        assert "the message" not in found.model_dump_json()


@pytest.mark.parametrize("verdict", ["syntax", "disallowed", "nothing"])
def test_what_is_wrong_with_the_whole_program_is_told_whatever_failed(verdict: Verdict) -> None:
    found = headed(full_case("hidden", "nothing", "failed"), verdict)
    assert (found.message, found.line) == ("the message", 3)


@pytest.mark.parametrize(
    ("name", "ours"),
    [("KeyError", True), ("RangeError", True), ("E7404", False), ("print", False), ("", False), ("EvalError", True)],
)
def test_only_what_the_language_brings_is_named(name: str, ours: bool) -> None:
    assert is_builtin(name) == ours


def test_a_run_is_called_a_run() -> None:
    report = FullReport(problem="p", language="python", verdict="pass")
    assert [seen(report, purpose).purpose for purpose in ("submit", "run")] == ["submit", "run"]
