"""Calls in both languages: every kind of value goes in and comes out, and what is no value can be used from outside."""

from collections.abc import Iterator
from typing import Any

import pytest

from assay.pipeline.checks import grade
from assay.pipeline.checks.answers import encoded
from assay.pipeline.checks.perform import Workbench, run_checks
from assay.pipeline.sandbox.guest.values import UNDEFINED
from assay.records import Asserts, Calls, Case, Compare, Language, Limits, Program, Report, Stdio, StdioCase, Task
from tests.conformance.backends import LONG, NAMES, opened

_TRIED = [name for name in NAMES if LONG or name != "local"]
"""What calls give is the guest's matter, and local's is landlock's, shut in by nothing."""


@pytest.fixture(scope="module", params=_TRIED)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with opened(request.param, tmp_path_factory.mktemp("home")) as sandbox:
        workbench = Workbench(sandbox)
        yield workbench
        workbench.close()


def graded(
    bench: Workbench, source: str, check: Calls | Asserts | Stdio, language: Language = "python", **limits: float
) -> Report:
    main = "main.py" if language == "python" else "main.js"
    task = Task(
        id="t",
        suite="t",
        prompt="",
        language=language,
        entry="f",
        checks=(check,),
        limits=Limits(**{"wall_s": 20, "cpu_s": 5, **limits}),
    )
    program = Program(language=language, files={main: source.encode()}, main=main)
    return grade(task, program, run_checks(bench, task, program))


def case(number: int, arguments: list[object], expected: object = None, raises: str | None = None) -> Case:
    return Case(id=f"c{number}", args=encoded(arguments), expect=None if raises else encoded(expected), raises=raises)


SHARED = [
    None, True, False, 0, -1, 2**53, 1.5, -0.0, 1e300, float("nan"), float("inf"), "", "text", "žluť 🐎 \x00 \ud800", [], [1, [2, [None]]],
    {"a": 1, "b": [True]}, {1, 2}, [[None, 1], [2.5, None]], ',null] and ["v",1]', {"nested": {"deep": [1]}},
]  # fmt: skip


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_values_go_in_and_come_out_as_they_are(bench: Workbench, language: Language) -> None:
    source = "def f(x): return x" if language == "python" else "function f(x) { return x }"
    values = [value for value in SHARED if language == "python" or value != "žluť 🐎 \x00 \ud800"]
    check = Calls(entry="f", cases=tuple(case(number, [value], value) for number, value in enumerate(values)))
    report = graded(bench, source, check, language)
    assert report.passed, [finding for finding in report.findings if finding.outcome != "passed"]


def test_what_only_python_has_goes_in_and_comes_out(bench: Workbench) -> None:
    values = [
        (1, (2,)),
        b"\x00\xff",
        1 + 2j,
        frozenset({1}),
        {(1, 2): {3: None}},
        10**50,
        -(2**63) - 1,
        [(), set(), {}],
    ]
    check = Calls(entry="f", cases=tuple(case(number, [value], value) for number, value in enumerate(values)))
    assert graded(bench, "def f(x): return x", check).passed


def test_what_only_javascript_has_comes_out(bench: Workbench) -> None:
    source = "const f = (kind) => ({ undefined: undefined, map: new Map([[1, 'x']]), big: 2n ** 70n, bytes: new Uint8Array([0, 255]), date: 1 })[kind]"
    cases = [
        ("undefined", UNDEFINED),
        ("map", {1: "x"}),
        ("big", 2**70),
        ("bytes", b"\x00\xff"),
        ("missing", UNDEFINED),
    ]
    check = Calls(entry="f", cases=tuple(case(number, [kind], value) for number, (kind, value) in enumerate(cases)))
    report = graded(bench, source, check, "javascript")
    assert report.passed, report.findings


@pytest.mark.parametrize(
    ("answer", "expected", "mode"),
    [
        ("5n", 5, "exact"),
        ("-0", 0, "exact"),
        ("new Map([['a', 1]])", {"a": 1}, "exact"),
        ("arguments", {"0": 0}, "exact"),
        ("new Number(1)", 1, "exact"),
        ("NaN", False, "truthy"),
        ("0n", False, "truthy"),
        ("[]", True, "truthy"),
        ("/a/.exec('b')", False, "truthy"),
        ("/a/.exec('a')", True, "truthy"),
    ],
)
def test_what_javascript_answers_counts_as_pythons_kinds_but_for_its_truth(
    bench: Workbench, answer: str, expected: object, mode: Any
) -> None:
    check = Calls(entry="f", cases=(case(0, [0], expected),), compare=Compare(mode=mode))
    report = graded(bench, f"function f(x) {{ return {answer} }}", check, "javascript")
    assert report.passed, report.findings


@pytest.mark.parametrize(
    "source",
    [
        "function f(a, b) { return a + b }",
        "const f = (a, b) => a + b",
        "let f = async (a, b) => { await null; return a + b }",
        "module.exports = { f: (a, b) => a + b }",
        "exports.f = function (a, b) { return a + b }",
        "module.exports = function f(a, b) { return a + b }",
        "export function f(a, b) { return a + b }",
        "export default function f(a, b) { return a + b }",
        "import fs from 'node:fs'\nexport const f = (a, b) => a + b",
        "import fs from 'node:fs'\nconst f = (a, b) => a + b // at the end",
        "const none = await 0\nfunction f(a, b) { return a + b + none }",
        "const { sep } = require('node:path')\nfunction f(a, b) { return a + b }\nif (require.main === module) console.log('not here')",
    ],
)
def test_a_javascript_function_is_found_however_it_is_given(bench: Workbench, source: str) -> None:
    check = Calls(entry="f", cases=(case(0, [1, 2], 3),))
    report = graded(bench, source, check, "javascript")
    assert report.passed, report


@pytest.mark.parametrize(
    ("language", "source", "name"),
    [
        ("python", "def f(x): raise ValueError('no')", "ValueError"),
        ("python", "class Bad(KeyError): pass\ndef f(x): raise Bad", "LookupError"),
        ("javascript", "function f(x) { throw new RangeError('no') }", "RangeError"),
        ("javascript", "class Bad extends TypeError {}\nconst f = async (x) => { throw new Bad('no') }", "TypeError"),
    ],
)
def test_the_exception_asked_for_passes_and_another_one_does_not(
    bench: Workbench, language: Language, source: str, name: str
) -> None:
    assert graded(bench, source, Calls(entry="f", cases=(case(0, [1], raises=name),)), language).passed
    report = graded(bench, source, Calls(entry="f", cases=(case(0, [1], raises="OSError"),)), language)
    assert (report.status, report.findings[0].outcome) == ("exception", "failed")
    assert graded(bench, source, Calls(entry="f", cases=(case(0, [1], 1),)), language).status == "exception"


@pytest.mark.parametrize(
    ("language", "source"),
    [("python", "def f(x):\n    x.sort()\n    return x[0]"), ("javascript", "function f(x) { x.sort(); return x[0] }")],
)
def test_changed_arguments_are_seen_where_that_is_asked(bench: Workbench, language: Language, source: str) -> None:
    cases = (case(0, [[2, 1]], 1),)
    assert graded(bench, source, Calls(entry="f", cases=cases), language).passed
    report = graded(bench, source, Calls(entry="f", cases=cases, arguments_unchanged=True), language)
    assert (report.status, report.findings[0].message) == ("wrong", "it changed its arguments")


def test_keyword_arguments_arrive(bench: Workbench) -> None:
    check = Calls(entry="f", cases=(Case(id="c", args=encoded([1]), kwargs=encoded({"scale": 3}), expect=encoded(3)),))
    assert graded(bench, "def f(x, *, scale=1): return x * scale", check).passed


def test_a_failed_case_says_what_was_called_expected_and_seen(bench: Workbench) -> None:
    report = graded(
        bench, "def f(x): return [x]", Calls(entry="f", cases=(case(0, [{"a": 1}], (1,)), case(1, [2], [2])))
    )
    first, second = report.findings
    assert (first.call, first.expected, first.got) == ("f({'a': 1})", "(1,)", "[{'a': 1}]")
    assert (report.status, report.score, second.outcome) == ("wrong", 0.5, "passed")
    assert report.message.startswith("c0: ")


def test_of_many_cases_the_failed_ones_are_named_and_the_rest_counted(bench: Workbench) -> None:
    check = Calls(entry="f", cases=tuple(case(number, [number], number) for number in range(1000)))
    report = graded(bench, "def f(x): return x if x < 990 else -x", check)
    assert (report.status, report.score, report.passed_cases, report.cases) == ("wrong", 0.99, 990, 1000)
    assert [finding.case for finding in report.findings] == [f"c{number}" for number in range(990, 1000)]


def test_a_program_that_dies_at_a_case_fails_there(bench: Workbench) -> None:
    check = Calls(entry="f", cases=tuple(case(number, [number], number) for number in range(10)))
    report = graded(bench, "import os\ndef f(x): return x if x < 6 else os._exit(0)", check)
    assert (report.status, report.score) == ("exception", 0.6)
    assert report.message.startswith("c6: the program ended before it answered")


def test_an_endless_case_is_a_timeout_and_the_ones_before_it_passed(bench: Workbench) -> None:
    check = Calls(entry="f", cases=tuple(case(number, [number], number) for number in range(10)))
    report = graded(bench, "def f(x):\n    while x == 3: pass\n    return x", check, cpu_s=1)
    assert (report.status, report.score) == ("timeout", 0.3)


def test_approximate_answers_pass_where_the_case_allows_them(bench: Workbench) -> None:
    check = Calls(entry="f", cases=(case(0, [0.1, 0.2], 0.3),), compare=Compare(mode="approx", rel=1e-9))
    assert graded(bench, "def f(a, b): return a + b", check).passed
    assert not graded(bench, "def f(a, b): return a + b + 1e-6", check).passed


SHELF = """
class f:
    def __init__(self, size):
        self.size, self.things = size, []
    def add(self, thing):
        if len(self.things) == self.size:
            raise OverflowError("full")
        self.things.append(thing)
        return self
    def __len__(self): return len(self.things)
    def __iter__(self): return iter(self.things)
    def __getitem__(self, place): return self.things[place]
    def __contains__(self, thing): return thing in self.things
def counter():
    n = 0
    def count():
        nonlocal n
        n += 1
        return n
    return count
def squares(n):
    for i in range(n):
        yield i * i
def sort_in_place(things):
    things.sort()
"""


def test_test_code_uses_objects_functions_generators_and_changed_arguments(bench: Workbench) -> None:
    source = """
shelf = candidate(2)
shelf.add("a").add("b")
assert len(shelf) == 2 and list(shelf) == ["a", "b"] and shelf[1] == "b" and "a" in shelf and "z" not in shelf
try:
    shelf.add("c")
    assert False, "it should be full"
except OverflowError as error:
    assert "full" in str(error)
count = counter()
assert [count(), count()] == [1, 2]
assert list(squares(4)) == [0, 1, 4, 9] and sum(squares(3)) == 5
things = [3, 1, 2]
assert sort_in_place(things) is None
assert things == [1, 2, 3]
assert (shelf == 5) is False
"""
    report = graded(bench, SHELF, Asserts(entry="f", names=("counter", "squares", "sort_in_place"), source=source))
    assert report.passed, report


def test_what_test_code_changes_of_an_object_changes_it(bench: Workbench) -> None:
    program = """
class Thing:
    def __init__(self): self.value, self.parts = 1, {"a": 1}
    def get(self): return self.value
    def __len__(self): return len(self.parts)
    def __delitem__(self, key): del self.parts[key]
    @property
    def fixed(self): return 7
def f(n): return Thing()
"""
    source = """
thing = f(1)
thing.value = 5
assert thing.get() == thing.value == 5
del thing["a"], thing.value
assert len(thing) == 0
for forbidden in (lambda: thing.value, lambda: setattr(thing, "fixed", 8)):
    try:
        forbidden()
    except AttributeError:
        pass
    else:
        assert False
"""
    report = graded(bench, program, Asserts(entry="f", source=source))
    assert report.passed, report


def test_test_code_may_call_from_threads(bench: Workbench) -> None:
    source = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    assert list(pool.map(f, range(200))) == [2 * number for number in range(200)]
"""
    report = graded(bench, "def f(x): return x * 2", Asserts(entry="f", source=source))
    assert report.passed, report


ASYNC = """
import asyncio
class Box:
    async def __aenter__(self):
        self.queue = asyncio.Queue()
        return self
    async def __aexit__(self, *error): self.queue = None
    async def put(self, thing): await self.queue.put(thing)
    async def get(self): return await self.queue.get()
async def f(n):
    await asyncio.sleep(0)
    if n < 0:
        raise ValueError("negative")
    if n == 99:
        raise StopAsyncIteration
    return [n, (n, 2)]
async def count(n):
    for number in range(n):
        yield number
"""


def test_test_code_awaits_what_is_async(bench: Workbench) -> None:
    source = """
import asyncio
def check(candidate):
    assert asyncio.run(candidate(5)) == [5, (5, 2)]
    async def whole():
        assert await candidate(1) == [1, (1, 2)]
        assert await asyncio.gather(candidate(1), candidate(2)) == [[1, (1, 2)], [2, (2, 2)]]
        assert await asyncio.wait_for(asyncio.create_task(candidate(3)), 5) == [3, (3, 2)]
        try:
            await candidate(-1)
        except ValueError as error:
            assert str(error) == "negative"
        else:
            assert False
        assert [number async for number in count(3)] == [0, 1, 2]
        async with Box() as box:
            await box.put([4])
            assert await box.get() == [4]
    asyncio.run(whole())
"""
    check = Asserts(entry="f", names=("count", "Box"), source=source)
    assert graded(bench, ASYNC, check).passed, graded(bench, ASYNC, check)
    wrong = graded(bench, ASYNC.replace("(n, 2)]", "(n, 3)]"), check)
    assert (wrong.status, wrong.findings[0].got) == ("wrong", "[5, (5, 3)]")


def test_what_ends_an_async_loop_ends_it_only_where_it_is_asked_for_the_next(bench: Workbench) -> None:
    source = """
import asyncio
class Calls:
    def __aiter__(self): return self
    async def __anext__(self): return await f(99)
async def whole():
    async for answer in Calls():
        assert answer == "what it should be"
asyncio.run(whole())
"""
    report = graded(bench, ASYNC, Asserts(entry="f", source=source))
    assert report.status == "exception", report


def test_an_async_function_is_awaited_where_values_are_asked_for(bench: Workbench) -> None:
    check = Calls(entry="f", cases=(case(0, [1], [1, (1, 2)]), case(1, [2], [2, (2, 2)])))
    assert graded(bench, ASYNC, check).passed


def test_a_mistake_of_the_tests_is_not_told_as_what_the_candidate_raised_before(bench: Workbench) -> None:
    source = "try:\n    f(-1)\nexcept ValueError:\n    pass\nassert misspelt(1) == 1"
    program = "def f(n):\n    raise ValueError('negative')"
    report = graded(bench, program, Asserts(entry="f", source=source))
    assert (report.status, "NameError" in report.message) == ("wrong", True)


def test_that_objects_were_compared_is_told(bench: Workbench) -> None:
    program = "class f:\n    def __init__(self, n): self.n = n\n    def __eq__(self, other): return True"
    report = graded(
        bench, program, Asserts(entry="f", source="one = f(1)\nassert one == one\nassert one == f(1), 'equal'")
    )
    assert report.status == "wrong"
    assert (
        report.message
        == "an assert does not hold: equal, where objects of the candidate's were compared: they equal only themselves here"
    )
    assert graded(bench, program, Asserts(entry="f", source="assert f(1) != f(2) and f(1).n == 1")).passed


def test_an_object_is_the_number_that_it_said_first(bench: Workbench) -> None:
    program = """
class Root:
    asked = 0
    def __float__(self):
        self.asked += 1
        return float(self.asked)
    __int__ = lambda self: int(float(self))
def f(n): return Root()
"""
    source = "import math\nroot = f(1)\nassert [math.pow(root, n) for n in range(4)] == [1.0] * 4\nassert int(root) == int(root) == 2"
    report = graded(bench, program, Asserts(entry="f", source=source))
    assert report.passed, report


def test_what_a_test_held_when_an_answer_raised_is_let_go(bench: Workbench) -> None:
    source = """
class Held(list):
    pass
def check(candidate):
    held = Held([candidate(1)])
    try:
        candidate(2)
    finally:
        held.append(candidate)
"""
    count = "import gc\nassert f(1) == 1\nassert not any(type(one).__name__ == 'Held' for one in gc.get_objects())"
    raises = "def f(n):\n    if n == 2:\n        raise ValueError\n    return n"
    assert graded(bench, raises, Asserts(entry="f", source=source)).status == "exception"
    report = graded(bench, raises, Asserts(entry="f", source=count))
    assert report.passed, report


def test_a_generator_that_a_test_left_running_is_ended_before_the_next(bench: Workbench) -> None:
    source = """
def lingering():
    me = yield
    while me:
        yield
def check(candidate):
    left = lingering()
    next(left)
    left.send(left)
    assert candidate(1) == 1
"""
    count = "import gc\nassert f(1) == 1\nassert not any(getattr(one, '__name__', '') == 'lingering' for one in gc.get_objects())"
    for tests in (source, count):
        report = graded(bench, "def f(n): return n", Asserts(entry="f", source=tests))
        assert report.passed, report


def test_an_object_that_says_it_holds_everything_holds_nothing(bench: Workbench) -> None:
    program = "class All:\n    def __contains__(self, item): return True\n    def __iter__(self): return iter([1, 2])\ndef f(n): return All()"
    assert graded(bench, program, Asserts(entry="f", source="assert 2 in f(5)")).passed
    assert graded(bench, program, Asserts(entry="f", source="assert 3 in f(5)")).status == "wrong"


def test_what_a_test_keeps_while_one_program_runs_is_new_for_the_next(bench: Workbench) -> None:
    check = Asserts(
        entry="f",
        source="SEEN = []\n\ndef look(at, before=[]):\n    before.append(at)\n    SEEN.append(at)\n    look.times = getattr(look, 'times', 0) + 1\n"
        "    return len(before), len(SEEN), look.times\n\nassert look(f(1)) == (1, 1, 1)\nassert look(f(2)) == (2, 2, 2)\n",
    )
    found = [graded(bench, f"def f(x): return x {sign} 0", check).status for sign in "+-*+"]
    assert found == ["pass"] * 4


_PATCHES = "import math\nmath.isclose = lambda *given, **more: True\n"
_LINGERS = """
import threading, time
def late():
    while True:
        time.sleep(0.002)
        f(0)
threading.Thread(target=late, daemon=True).start()
"""
_FORGES = """
import os
for fd in range(3, 10):
    try:
        os.write(fd, b'["done","passed","","",1,1,false,["[\\\\"ready\\\\"]"]]\\n' * 2)
    except OSError:
        pass
"""
_REPLACES = """
from json import tool
from collections import namedtuple
tool.sys.modules["math"] = namedtuple("Math", "isclose")(lambda *given: True)
"""


@pytest.mark.parametrize(
    "before",
    [_PATCHES, _LINGERS, _FORGES, _REPLACES],
    ids=["patches a module", "leaves a thread", "forges a verdict", "replaces a module"],
)
def test_nothing_of_one_test_code_is_met_by_the_next(bench: Workbench, before: str) -> None:
    graded(bench, "def f(x): return x", Asserts(entry="f", source=f"assert f(1) == 1\n{before}"))
    after = Asserts(
        entry="f", source="import math\nfor number in range(20):\n    assert math.isclose(f(number), number)\n"
    )
    assert graded(bench, "def f(x): return x + 1", after).status == "wrong"
    right = graded(bench, "def f(x): return x", after)
    assert right.passed, right


def test_what_exit_closes_is_open_for_the_next(bench: Workbench) -> None:
    source = "try:\n    exit()\nexcept SystemExit:\n    assert f(1) == 1"
    assert graded(bench, "def f(x): return x", Asserts(entry="f", source=source)).passed
    asks = Asserts(entry="f", source="try:\n    input()\nexcept EOFError:\n    assert f(1) == 1")
    report = graded(bench, "def f(x): return x", asks)
    assert report.passed, report


def test_a_line_that_test_code_writes_to_its_channel_ends_no_evaluation(bench: Workbench) -> None:
    source = "import os\nassert f(1) == 1\nfor fd in range(3, 10):\n    try:\n        os.write(fd, b'junk\\n')\n    except OSError:\n        pass\n"
    assert graded(bench, "def f(x): return x", Asserts(entry="f", source=source)).status in ("error", "exception")
    assert graded(bench, "def f(x): return x", Asserts(entry="f", source="assert f(1) == 1")).passed


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("assert candidate(1) == 1\ndef check(candidate):\n    assert False, 'it is called'", "wrong"),
        ("def check(candidate):\n    assert candidate(1) == 1\ncheck(f)", "pass"),
        ("def check(candidate):\n    assert candidate(1) == 1\ndef main():\n    check(f)\nmain()", "pass"),
        (
            "candidate(0)\nasked = []\ndef check(candidate):\n    asked.append(candidate(1))\ncheck(f)\nassert asked == [1]",
            "pass",
        ),
    ],
)
def test_check_is_called_where_the_test_code_does_not(bench: Workbench, source: str, status: str) -> None:
    assert graded(bench, "def f(x): return x", Asserts(entry="f", source=source)).status == status


@pytest.mark.parametrize("made", ["for _ in range(300): x = [x]", "x.append(x)"], ids=["deep", "in itself"])
def test_an_argument_that_cannot_cross_counts_against_nobody(bench: Workbench, made: str) -> None:
    source = f"assert f(1) == 1\nx = []\n{made}\nf(x)"
    report = graded(bench, "def f(x): return x", Asserts(entry="f", source=source))
    assert (report.status, "cannot be held here" in report.message) == ("error", True)


def test_an_answer_that_the_tests_cannot_hand_back_is_the_candidates_own(bench: Workbench) -> None:
    source = "assert f(f([1, 2])) == [1, 2]"
    deep = "import os\ndef f(x):\n    os.write(3, b'[\"v\",1,' + b'[' * 300 + b']' * 300 + b']\\n')\n    return x\n"  # a line of its own making; what answers are made of is never nested so deep
    assert graded(bench, deep, Asserts(entry="f", source=source)).status in ("wrong", "exception")


def test_a_failed_assert_is_shown_with_its_line_and_the_last_answer(bench: Workbench) -> None:
    report = graded(
        bench, "def f(x): return x", Asserts(entry="f", source="\nassert f(1) == 1\nassert f(2) == 3, 'three'\n")
    )
    (finding,) = report.findings
    assert (finding.call, finding.got, finding.integrity) == ("assert f(2) == 3, 'three'", "2", "proxy")
    assert "three" in finding.message


def test_test_code_that_never_calls_the_candidate_is_no_pass(bench: Workbench) -> None:
    report = graded(bench, "def f(x): return x", Asserts(entry="f", source="assert True"))
    assert (report.status, report.message) == ("error", "the tests never call it")


def test_test_code_that_hangs_on_an_answer_is_a_timeout_and_the_next_program_is_graded(bench: Workbench) -> None:
    check = Asserts(entry="f", source="while f(1) != 1: pass\n")
    assert graded(bench, "def f(x): return 2", check, wall_s=0.5).status == "timeout"
    assert graded(bench, "def f(x): return 1", check).passed


def test_memory_shared_without_a_file_is_had_where_it_is_counted(bench: Workbench) -> None:
    program = "import mmap\ndef f(n):\n    area = mmap.mmap(-1, n)\n    area[0] = 7\n    return area[0]"
    report = graded(bench, program, Calls(entry="f", cases=(case(0, [4096], 7),)))
    assert report.status == ("pass" if bench.sandbox.capabilities().memory == "cgroup" else "exception"), report


def test_a_whole_program_is_judged_by_what_it_prints(bench: Workbench) -> None:
    check = Stdio(
        cases=(StdioCase(id="a", stdin="3\n4\n", stdout="7\n"), StdioCase(id="b", stdin="x\n", stdout="", exit_code=2))
    )
    right = "import sys\ntry:\n    print(sum(int(line) for line in sys.stdin))\nexcept ValueError:\n    sys.exit(2)"
    assert graded(bench, right, check).passed
    report = graded(bench, right.replace("sum", "max"), check)
    assert (report.status, report.findings[0].got) == ("wrong", "4\n")
    assert graded(bench, "print(1/0)", check).status == "exception"
    assert graded(bench, "while True: print(7)", check).status == "wrong"
    assert graded(bench, "print(7)\nimport os; os._exit(0)", check).status == "wrong"


def test_answers_that_are_too_much_together_end_the_program(bench: Workbench) -> None:
    check = Calls(entry="f", cases=tuple(case(number, [number], "") for number in range(12)))
    report = graded(bench, "def f(n): return 'x' * (4 << 20) if n else ''", check)
    assert (report.status, report.message) == ("wrong", "c1: another value was expected")
    assert report.findings[-1].message == "its answers together have more than 32 MiB"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"main.py": b"def f(x): return x\n#" + b"x" * (1 << 20)}, "more than its scratch of 1 MiB"),
        ({f"{number}.txt": b"x" for number in range(300)}, "more than its scratch of 1 MiB"),
        ({f"{number}.txt": b"" for number in range(5_000)}, "files and folders, and 4096 is the limit"),
        ({"x": b"", "x/y": b""}, "'x' is a file of it, and a folder too"),
        ({"../x": b""}, "'../x' is no path"),
        ({"./main.py": b""}, "'./main.py' is no path"),
        ({"a/": b""}, "'a/' is no path"),
        ({"/etc/x": b""}, "'/etc/x' is no path"),
        ({"n" * 300: b""}, "is no path"),
        ({"\ud800": b""}, "is no path"),
        ({"nul\0": b""}, "is no path"),
    ],
)
def test_a_program_that_cannot_be_put_in_place_counts_against_itself_alone(
    bench: Workbench, files: dict[str, bytes], said: str
) -> None:
    check = Calls(entry="f", cases=(case(0, [1], 1),))
    task = Task(id="t", suite="t", prompt="", entry="f", checks=(check,), limits=Limits(wall_s=20, scratch_mb=1))
    program = Program(files={"main.py": b"def f(x): return x"} | files)
    report = grade(task, program, run_checks(bench, task, program))
    assert (report.status, said in report.message) == ("wrong", True), report.message


def test_a_program_that_just_fits_is_put_in_place(bench: Workbench) -> None:
    check = Calls(entry="f", cases=(case(0, [1], 1),))
    files = {f"{'folder/' * (number % 3)}{number}.txt": b"x" for number in range(254)} | {
        "main.py": b"def f(x): return x"
    }
    task = Task(
        id="t", suite="t", prompt="", entry="f", checks=(check,), limits=Limits(wall_s=20, scratch_mb=1, inodes=264)
    )
    program = Program(files=files)
    report = grade(task, program, run_checks(bench, task, program))
    assert report.passed, report
