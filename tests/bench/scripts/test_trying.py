"""What scripts and tests come to in a real sandbox, those that cheat too."""

import pytest

from assay.bench.scripts import trying
from assay.bench.scripts.records import ScriptAttempt, ScriptStatus, TestAttempt, TestStatus
from assay.pipeline.mutants import mutants
from assay.pipeline.sandbox import Sandbox
from assay.records import Isolation, Reply, Run

MARK = "a word"
GOOD = "def f(x):\n    return x + 1\n\n\nif __name__ == '__main__':\n    print(f(1))\n"
TIMEOUT = 20.0


def tried(
    box: Sandbox, source: str, timeout: float = TIMEOUT, stdin: str = "", args: tuple[str, ...] = ()
) -> ScriptAttempt:
    parsed = trying.parse_said(box.run(trying.parse_spec(source, TIMEOUT)))
    assert parsed.ok, parsed.message
    imported = box.run(trying.import_spec(source, {}, timeout, MARK))
    ran = box.run(trying.run_spec(source, {}, args, stdin, timeout))
    return trying.script_said(ScriptAttempt(kind="first", reply=Reply(text=""), source=source), imported, ran, MARK)


SCRIPTS: list[tuple[str, str, ScriptStatus, bool, bool]] = [
    ("good", GOOD, "ran", True, True),
    ("raises", "def f():\n    pass\n\nif __name__ == '__main__':\n    [].pop()\n", "exception", True, False),
    ("asks", "if __name__ == '__main__':\n    input('Name? ')\n", "needs_input", True, False),
    ("exits", "import sys\nif __name__ == '__main__':\n    sys.exit('usage: script FILE')\n", "exit", True, False),
    ("ends whoever imports it", "import sys\nprint(1)\nsys.exit(0)\n", "import_error", False, True),
    ("ends hard, with 0", "import os\nos._exit(0)\n", "import_error", False, True),
    ("raises on import", "raise ValueError('no')\n", "import_error", False, False),
    ("lacks a package", "import no_such_package\n", "missing_package", False, False),
    ("says it lacks one", "raise ModuleNotFoundError(\"No module named 'requests'\")\n", "import_error", False, False),
    ("writes the mark itself", "open('_assay_mark.json', 'w').write('{\"mark\": \"?\"}')\nimport os\nos._exit(0)\n", "import_error", False, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "status", "imports", "runs"), [one[1:] for one in SCRIPTS], ids=[one[0] for one in SCRIPTS]
)
def test_how_far_a_script_comes(box: Sandbox, source: str, status: ScriptStatus, imports: bool, runs: bool) -> None:
    attempt = tried(box, source)
    assert (attempt.status, attempt.imports, attempt.runs) == (status, imports, runs), attempt.message
    assert attempt.parses
    assert bool(attempt.message) == (status != "ran")


def test_a_script_is_given_its_example(box: Sandbox) -> None:
    source = "import sys\nif __name__ == '__main__':\n    print(sys.argv[1], input())\n"
    attempt = tried(box, source, stdin="pear\n", args=("--x",))
    assert (attempt.status, attempt.stdout) == ("ran", "--x pear\n")


@pytest.mark.parametrize(
    "source", ["while True:\n    pass\n", "while True:\n    print('x' * 9999)\n"], ids=["loop", "output"]
)
def test_what_never_ends_is_a_timeout(box: Sandbox, source: str) -> None:
    attempt = tried(box, source, timeout=1)
    assert attempt.status == "timeout"
    assert len(attempt.stdout) <= 20_001


@pytest.mark.parametrize("source", ["def (:\n", "x = '\n", "\0", "(" * 50_000], ids=["def", "quote", "nul", "deep"])
def test_what_does_not_parse_says_why(box: Sandbox, source: str) -> None:
    said = trying.parse_said(box.run(trying.parse_spec(source, TIMEOUT)))
    assert not said.ok
    assert said.message
    assert not said.error


# ---- tests ---------------------------------------------------------------------------------------------------------

IMPORT = "import os, sys\nfrom script import f\n\n\ndef test_a():\n    assert f(1) == 2\n\n\n"
FORGED = "open('_assay_report.xml', 'w').write('<testsuites><testsuite tests=\"1\"><testcase classname=\"test_script\" name=\"test_a\"/></testsuite></testsuites>')"
TESTS: list[tuple[str, str, TestStatus]] = [
    ("pass", IMPORT, "passed"),
    ("fail", "from script import f\ndef test_a():\n    assert f(1) == 3\n", "failed"),
    ("error in a fixture", "import pytest\n@pytest.fixture\ndef g():\n    1 / 0\ndef test_a(g):\n    pass\n", "failed"),
    ("import what is not there", "from script import g\ndef test_a():\n    pass\n", "collect_error"),
    ("lack a package", "import no_such_package\ndef test_a():\n    pass\n", "missing_package"),
    ("are none", "from script import f\n", "no_tests"),
    ("are all skipped", "import pytest\n@pytest.mark.skip\ndef test_a():\n    pass\n", "no_tests"),
    ("end the process with 0", f"{IMPORT}def test_b():\n    os._exit(0)\n", "crashed"),
    ("end it at collection", "import os\nos._exit(0)\n", "crashed"),
    ("forge the report and end it", f"{IMPORT}def test_b():\n    {FORGED}\n    os._exit(0)\n", "crashed"),
    ("forge the mark too", f"{IMPORT}def test_b():\n    {FORGED}\n    open('_assay_mark.json', 'w').write('{{\"mark\": \"x\", \"code\": 0}}')\n    os._exit(0)\n", "crashed"),
    ("raise SystemExit", f"{IMPORT}def test_b():\n    sys.exit(0)\n", "failed"),
    ("make pytest say 0", "import pytest\ndef test_b():\n    import _pytest.main\n    _pytest.main.Session.testsfailed = property(lambda s: 0, lambda s, v: None)\n    assert 0\n", "crashed"),
    ("exit pytest", "import pytest\ndef test_b():\n    pytest.exit('done', returncode=0)\n", "crashed"),
    ("exit pytest before the second", "import pytest\n@pytest.fixture\ndef g():\n    pytest.exit('done', returncode=0)\ndef test_a():\n    pass\ndef test_b(g):\n    assert 0\n", "crashed"),
    ("write a conftest", "open('conftest.py', 'w').write('def pytest_runtest_call(item): item.runtest = lambda: None')\ndef test_b():\n    assert 0\n", "failed"),
    ("print a report", "def test_b():\n    print('1 passed in 0.01s')\n    assert 0\n", "failed"),
    ("name a test in markup", "import pytest\n@pytest.mark.parametrize('x', ['<b>&\\x1b[31m'])\ndef test_b(x):\n    assert 0, '<script>'\n", "failed"),
]  # fmt: skip


@pytest.mark.parametrize(("tests", "status"), [one[1:] for one in TESTS], ids=[one[0] for one in TESTS])
def test_what_becomes_of_tests(box: Sandbox, tests: str, status: TestStatus) -> None:
    run = box.run(trying.pytest_spec(GOOD, tests, {}, TIMEOUT, MARK))
    attempt = trying.tests_attempt(TestAttempt(kind="first", reply=Reply(text=""), source=tests), run, MARK, GOOD)
    assert attempt.status == status, (attempt.message, attempt.output)
    assert attempt.collects == (status in ("passed", "failed"))


def test_tests_that_never_end_are_a_timeout(box: Sandbox) -> None:
    run = box.run(trying.pytest_spec(GOOD, "def test_a():\n    while True:\n        pass\n", {}, 2, MARK))
    assert trying.tests_said(run, MARK).status == "timeout"


def report(text: str, code: int = 0) -> Run:
    mark = f'{{"mark": "{MARK}", "code": {code}, "collected": {text.count("<testcase ")}}}'.encode()
    files = {"_assay_mark.json": mark, "_assay_report.xml": text.encode()}
    isolation = Isolation(backend="none", level=0, memory="rlimit")
    return Run(status="exit" if code else "ok", exit_code=code, files=files, isolation=isolation)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><testsuites><testcase name="&b;"/></testsuites>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuites><testcase name="&a;"/></testsuites>',
        "<testsuites><testcase></testsuites>",
        "",
        "<testsuites>" * 200_000,
        "\ufffe<testsuites/>",
    ],
    ids=["laughs", "file", "broken", "empty", "deep", "bytes"],
)
def test_a_report_made_to_do_harm_is_no_report(text: str) -> None:
    assert trying.tests_said(report(text), MARK).status == "crashed"


def test_a_pass_that_the_exit_code_denies_is_none() -> None:
    passed = (
        '<testsuites><testsuite tests="1"><testcase classname="test_script" name="test_a"/></testsuite></testsuites>'
    )
    assert trying.tests_said(report(passed), MARK).status == "passed"
    assert trying.tests_said(report(passed, 1), MARK).status == "crashed"
    failed = passed.replace("/></testsuite>", '><failure message="no"/></testcase></testsuite>')
    assert trying.tests_said(report(failed), MARK).status == "crashed"
    assert trying.tests_said(report(failed, 1), MARK).status == "failed"
    assert trying.tests_said(report("<testsuites/>"), MARK).status == "no_tests"


# ---- mutants -------------------------------------------------------------------------------------------------------

LOOPING = "def f(x):\n    total = 0\n    while x > 0:\n        x = x - 1\n        total = total + 2\n    return total\n"


def test_mutants_are_noticed_by_tests_that_look_and_by_no_others(box: Sandbox) -> None:
    made = mutants(LOOPING, 10)
    looks = "from script import f\ndef test_a():\n    assert f(3) == 6\ndef test_wrong():\n    assert f(1) == 1\n"
    idle = "from script import f\ndef test_a():\n    assert f(0) is not 7 or True\n"
    found = {}
    for name, tests, without in (("looks", looks, ["test_script.py::test_wrong"]), ("idle", idle, [])):
        spec = trying.mutants_spec([one.source for one in made], tests, {}, TIMEOUT, MARK, without=without, cpu_s=2)
        found[name] = trying.caught_each(box.run(spec), MARK, len(made))
    assert len(made) == 9
    by_operator = dict(zip([one.mutant.before for one in made], found["looks"], strict=True))
    assert all(caught for caught, _ in found["looks"]), by_operator
    assert by_operator["x - 1"] == (True, "it broke a limit")
    assert sum(caught is True for caught, _ in found["idle"]) <= sum(
        how == "it broke a limit" for _, how in found["idle"]
    )


def test_a_mutants_run_alone_says_the_same(box: Sandbox) -> None:
    (one,) = mutants("def f(x):\n    return x + 1\n", 1)
    run = box.run(trying.pytest_spec(one.source, IMPORT, {}, TIMEOUT, MARK, first_failure=True))
    assert trying.caught(run, MARK) == (True, "test_script.py::test_a")


def test_nothing_is_believed_of_mutants_when_the_tests_end_the_process_over_them(box: Sandbox) -> None:
    made = mutants(GOOD, 2)
    tests = "import os, signal\ndef test_a():\n    os.kill(os.getppid(), signal.SIGKILL)\n"
    spec = trying.mutants_spec([one.source for one in made], tests, {}, TIMEOUT, MARK, without=[], cpu_s=2)
    assert trying.caught_each(box.run(spec), MARK, len(made)) == [(None, "")] * len(made)
