"""Expected values that come from the reference: filled in from its run, or told why they cannot be."""

import json
import math
from pathlib import Path

import pytest

from assay.bench.suites import load_suite
from assay.bench.suites.oracle import needs_oracle, oracle_program, with_answers
from assay.errors import ContentError
from assay.pipeline.sandbox.guest.values import decode, encode
from assay.records import Asserts, Calls, Case, Compare, Encoded, Isolation, Run, Task
from assay.settings import Settings

HERE = Isolation(backend="local", level=0, memory="rlimit")
PYTHON = Compare(mode="python")


def task(*checks: Calls) -> Task:
    return Task(id="t/1", suite="s", prompt="", entry="f", checks=checks, reference="def f(x): return x\n")


def calls(*cases: Case, compare: Compare = PYTHON) -> Calls:
    return Calls(entry="f", cases=cases, compare=compare)


def waiting(number: int) -> tuple[Case, ...]:
    return tuple(Case(id=f"plus-{index}") for index in range(number))


def answers(*values: object, check: int = 0) -> Run:
    lines = tuple(json.dumps(["v", json.loads(encode(value))]) for value in values)
    return Run(status="ok", isolation=HERE, transcript=lines, check=check)


def answered(given: Task, *runs: Run) -> list[Case]:
    return [case for check in with_answers(given, runs).checks for case in getattr(check, "cases", ())]


def test_each_missing_value_is_what_the_reference_answered() -> None:
    given = task(calls(*waiting(3)), calls(*waiting(1)))
    cases = answered(given, answers([1, (2,)], check=1), answers("a", {1: {2}}, None))
    assert [value(case.expect) for case in cases] == ["a", {1: {2}}, None, [1, (2,)]]


def test_a_task_needs_an_oracle_until_it_has_its_answers() -> None:
    given = task(calls(*waiting(2)))
    assert needs_oracle(given)
    assert not needs_oracle(with_answers(given, [answers(1, 2)]))


def test_values_and_exceptions_that_a_task_brings_are_kept() -> None:
    given = task(calls(Case(id="a", expect=Encoded("1")), *waiting(1), Case(id="b", raises="ValueError")))
    kept, filled, raising = answered(given, answers(5, 6, 7))
    assert (kept.expect, filled.expect, raising.expect, raising.raises) == ("1", "6", None, "ValueError")


def test_the_oracle_is_the_reference() -> None:
    program = oracle_program(task(calls(*waiting(1))))
    assert program.source == "def f(x): return x\n"
    assert program.main == "main.py"


def test_a_task_without_a_reference_says_so() -> None:
    with pytest.raises(ContentError, match="t/1 has cases without an expected value and no reference"):
        oracle_program(task(calls(*waiting(1))).model_copy(update={"reference": None}))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (Run(status="ok", isolation=HERE, transcript=('["v",1]', '["e","ValueError","no",["ValueError"]]')),
         "raised ValueError: no for case plus-1"),
        (Run(status="cpu", detail="30 s", isolation=HERE, transcript=('["v",1]',)),
         r"gave no answer \(its run: cpu, 30 s\) for case plus-1"),
        (Run(status="ok", isolation=HERE, transcript=('["v",1]', '["v",{"h":1,"type":"generator"}]')),
         "answered with <generator object>, which cannot be compared for case plus-1"),
        (Run(status="ok", isolation=HERE, transcript=('["v",1]', '["v",{"t":7}]')), "sent something that is no answer"),
        (Run(status="ok", isolation=HERE, transcript=('["v",1]', '["v"')), "sent something that is no answer"),
        (Run(status="ok", isolation=HERE, transcript=('["v",1]', "7")), "sent something that is no answer"),
        (Run(status="ok", isolation=HERE, check=1), "was not run for check 0"),
    ],
    ids=["raises", "ends-early", "object", "forged", "cut", "number", "missing"],
)  # fmt: skip
def test_a_reference_that_does_not_answer_is_an_error_with_its_case(run: Run, said: str) -> None:
    with pytest.raises(ContentError, match=said):
        with_answers(task(calls(*waiting(2))), [run])


def test_floats_are_compared_closely_and_so_is_every_number_after_them() -> None:
    given = task(calls(*waiting(6)))
    cases = answered(given, answers(3, [1.0, 2.0], "text", [1, 2.5], True, 7))
    assert [case.compare and case.compare.mode for case in cases] == [None, "approx", None, "approx", None, "approx"]
    assert cases[1].compare == Compare(mode="approx", abs=1e-6, rel=1e-7)


@pytest.mark.parametrize("answer", [[], (), [1.0, 2], [[1.0]], {"a": 1.0}, True, None, "1.0"])
def test_other_answers_are_compared_as_python_does(answer: object) -> None:
    (case,) = answered(task(calls(*waiting(1))), answers(answer))
    assert case.compare is None


def test_a_rule_that_a_task_names_itself_is_kept() -> None:
    (case,) = answered(task(calls(*waiting(1), compare=Compare(mode="set"))), answers([1.0]))
    assert case.compare is None


def test_where_only_found_or_not_is_asked_any_object_means_found() -> None:
    match = Run(status="ok", isolation=HERE, transcript=('["v",{"h":1,"type":"Match"}]', '["v",null]', '["v",""]'))
    cases = answered(task(calls(*waiting(3), compare=Compare(mode="truthy"))), match)
    assert [case.expect for case in cases] == ["true", "false", "true"]


# ---- HumanEval+ and MBPP+ ------------------------------------------------------------------------------------------

PLUS = {
    "task_id": "Mbpp/2",
    "prompt": '"""\nWhat both hold.\n"""\n',
    "entry_point": "similar_elements",
    "canonical_solution": "def similar_elements(a, b): return tuple(set(a) & set(b))\n",
    "base_input": [[[1, 2], [2, 3]]],
    "plus_input": [[[], [5]], [[4], [4]]],
    "atol": 0,
    "contract": "",
    "assertion": "",
}


def load(folder: Path, name: str, row: dict[str, object]) -> Task:
    path = folder / "plus.jsonl"
    path.write_text(json.dumps(row))
    (loaded,) = load_suite(name, path, settings=Settings(home=folder)).tasks
    return loaded


def value(text: Encoded | None) -> object:
    assert text is not None
    return decode(text)


def arguments(loaded: Task, check: int = 0) -> list[object]:
    found = loaded.checks[check]
    assert isinstance(found, Calls)
    return [value(case.args) for case in found.cases]


def test_the_own_and_the_added_inputs_are_two_checks(tmp_path: Path) -> None:
    loaded = load(tmp_path, "mbpp+", PLUS)
    assert [[case.id for case in check.cases] for check in loaded.checks if isinstance(check, Calls)] == [
        ["base-0"],
        ["plus-0", "plus-1"],
    ]
    assert [case.public for check in loaded.checks if isinstance(check, Calls) for case in check.cases] == [
        True,
        False,
        False,
    ]
    assert needs_oracle(loaded)


def test_mbpp_plus_arguments_get_the_types_that_json_cannot_say(tmp_path: Path) -> None:
    loaded = load(tmp_path, "mbpp+", PLUS)
    assert arguments(loaded) == [[(1, 2), (2, 3)]]
    assert arguments(loaded, 1) == [[(), (5,)], [(4,), (4,)]]


@pytest.mark.parametrize(
    ("number", "written", "read"),
    [
        (63, [[[1, 2], [3]]], [[(1, 2), (3,)]]),
        (75, [[[1, 2]], 6], [[(1, 2)], 6]),
        (106, [[5], [6]], [[5], (6,)]),
        (115, [[[1, 2], [], {}]], [[{1, 2}, {}, {}]]),
        (124, ["0", "1j"], [0.0, 1j]),
        (250, [[1, [2]], 3], [(1, [2]), 3]),
        (252, ["1+2j"], [1 + 2j]),
        (259, [[[1, 2]], [[3]]], [((1, 2),), ((3,),)]),
        (278, [[1, [2, [3]]]], [(1, (2, [3]))]),
        (307, [[1], 2, 3], [(1,), 2, 3]),
        (580, [[1, [2, [3]]]], [(1, (2, (3,)))]),
        (722, [{"a": [1, 2]}, 6.0, 70], [{"a": (1, 2)}, 6.0, 70]),
        (17, [[1, [2]]], [[1, [2]]]),
    ],
)
def test_each_form_of_arguments_is_read_as_evalplus_does(
    tmp_path: Path, number: int, written: list[object], read: list[object]
) -> None:
    row = PLUS | {"task_id": f"Mbpp/{number}", "entry_point": "f", "base_input": [written]}
    row["plus_input"] = []
    (got,) = arguments(load(tmp_path, "mbpp+", row))
    assert got == read
    assert repr(got) == repr(read)


def test_inputs_of_a_wrong_type_are_refused_at_their_line(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"plus.jsonl:1: the inputs of task Mbpp/2 are not of the types"):
        load(tmp_path, "mbpp+", PLUS | {"base_input": [[1, 2]]})


@pytest.mark.parametrize(
    ("entry", "rule"),
    [("similar_elements", "set"), ("check_str", "truthy"), ("anything", "python")],
)
def test_tasks_with_their_own_idea_of_equal_are_compared_by_it(tmp_path: Path, entry: str, rule: str) -> None:
    loaded = load(tmp_path, "mbpp+", PLUS | {"entry_point": entry})
    assert {check.compare.mode for check in loaded.checks if isinstance(check, Calls)} == {rule}


def test_a_task_that_names_a_tolerance_is_compared_with_it(tmp_path: Path) -> None:
    loaded = load(tmp_path, "mbpp+", PLUS | {"entry_point": "area", "atol": 1e-4})
    (check, _) = loaded.checks
    assert isinstance(check, Calls)
    assert check.compare == Compare(mode="approx", abs=1e-4, rel=1e-7)


def judge(loaded: Task, answer: object) -> bool:
    """What the check that is written as asserts says of a program that always answers so."""
    verdicts = []
    for check in loaded.checks:
        assert check.kind == "asserts"
        names: dict[str, object] = {}
        exec(compile(check.source, "asserts", "exec"), names)
        try:
            names["check"](lambda *_: answer)  # type: ignore[operator]
        except AssertionError:
            verdicts.append(False)
        else:
            verdicts.append(True)
    return all(verdicts)


FIND_ZERO = PLUS | {
    "task_id": "HumanEval/32",
    "entry_point": "find_zero",
    "prompt": "def find_zero(xs):\n    ''''''\n",
    "base_input": [[[2, -3, 1]]],
    "plus_input": [[[4, -6, 2]]],
    "atol": 1e-4,
}


@pytest.mark.parametrize(("root", "right"), [(1.0, True), (2.0, True), (1.00001, True), (1.5, False), (-1.0, False)])
def test_any_root_of_the_polynomial_will_do(tmp_path: Path, root: float, right: bool) -> None:
    loaded = load(tmp_path, "humaneval+", FIND_ZERO)
    assert not needs_oracle(loaded)
    assert judge(loaded, root) is right


def test_who_empties_the_polynomial_is_held_against_it_all_the_same(tmp_path: Path) -> None:
    def empties(xs: list[float]) -> float:
        xs.clear()  # nothing at all is zero everywhere
        return 12345.0

    for check in load(tmp_path, "humaneval+", FIND_ZERO).checks:
        assert isinstance(check, Asserts)
        names: dict[str, object] = {}
        exec(check.source, names)
        with pytest.raises(AssertionError, match="find_zero"):
            names["check"](empties)  # type: ignore[operator]


class _NoNumber:
    """What is another number each time it is raised to a power: such a one makes any polynomial zero."""

    def __init__(self) -> None:
        self.asked = -1

    def __float__(self) -> float:
        self.asked += 1
        return (0.0, 2 / 3, 0.0)[self.asked % 3]


def test_what_is_no_number_is_no_root(tmp_path: Path) -> None:
    assert sum(c * math.pow(x, n) for x in [_NoNumber()] for n, c in enumerate((2, -3, 1))) == 0
    assert judge(load(tmp_path, "humaneval+", FIND_ZERO), _NoNumber()) is False


@pytest.mark.parametrize(
    ("entry", "inputs", "answer", "right"),
    [
        ("digit_distance_nums", [12, 345], 4, True),  # 1-3 and 2-4, the 5 cut off
        ("digit_distance_nums", [12, 345], 9, True),  # 0-3, 1-4 and 2-5... all against leading zeros
        ("digit_distance_nums", [12, 345], 5, False),
        ("surface_Area", [3, 4], 33, True),
        ("surface_Area", [3, 4], 35, True),
        ("surface_Area", [3, 4], 34, False),
    ],
)
def test_both_readings_of_a_vague_task_pass(
    tmp_path: Path, entry: str, inputs: list[int], answer: int, right: bool
) -> None:
    row = PLUS | {"task_id": "Mbpp/0", "entry_point": entry, "base_input": [inputs], "plus_input": []}
    assert judge(load(tmp_path, "mbpp+", row), answer) is right


@pytest.mark.parametrize(
    ("name", "file", "tasks", "base", "plus"),
    [
        ("humaneval+", "humanevalplus/HumanEvalPlus.jsonl.gz", 164, 1570 - 100, 122_683 - 788 - 32),
        ("humaneval+", "humanevalplus/HumanEvalPlus-Mini.jsonl.gz", 164, 1570 - 100, None),
        ("mbpp+", "mbppplus/MbppPlus.jsonl.gz", 378, None, None),
    ],
    ids=["humaneval+", "mini", "mbpp+"],
)
def test_the_published_files_have_all_their_tasks_and_inputs(
    data: Path, tmp_path: Path, name: str, file: str, tasks: int, base: int | None, plus: int | None
) -> None:
    suite = load_suite(name, data / "bench" / file, settings=Settings(home=tmp_path))
    assert len(suite.tasks) == tasks
    ids = [case.id for task in suite.tasks for check in task.checks if isinstance(check, Calls) for case in check.cases]
    counted = {part: sum(one.startswith(part) for one in ids) for part in ("base", "plus")}
    assert base is None or counted["base"] == base
    assert plus is None or counted["plus"] == plus
    assert all(task.checks for task in suite.tasks)
