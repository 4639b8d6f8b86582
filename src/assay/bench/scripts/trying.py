"""What is run in the sandbox for a script and its tests, and what each Run says. Pure: it makes Specs and reads Runs.

Whether a script parses is asked without running a line of it. Whether it imports and runs is its own word: it runs in
the process that says so. So are tests that import what they test (integrity: in_process): the report of a test run is
believed only if pytest came to its end (a word from outside is written down after it), the report is plain XML without
a document type, it tells of every test that was collected, and it agrees with pytest's exit code. A program that takes
pytest apart from inside can still claim a pass for itself; it then notices no mutant, and is reported as tests that
cannot fail.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple
from xml.etree import ElementTree

from assay.bench.scripts.mending import SCRIPT, TESTS, imported_packages
from assay.bench.scripts.records import ScriptAttempt, ScriptStatus, TestAttempt, TestOutcome, TestStatus
from assay.records import Limits, Run, Spec
from assay.visible import one_line

_PARSES = "_assay_parses.py"
_IMPORTS = "_assay_imports.py"
_TESTS = "_assay_tests.py"
_MARK = "_assay_mark.json"
_REPORT = "_assay_report.xml"
_MAX_REPORT = 4 << 20
_SHOWN = 20_000
"""Characters kept of what a program printed."""
MESSAGE = 300

_PARSING = """
import sys
try:
    with open("script.py", "rb") as file:
        compile(file.read(), "script.py", "exec", dont_inherit=True)
except SyntaxError as error:
    sys.stdout.write("%s (line %s)" % (error.msg, error.lineno))
    sys.exit(10)
except (ValueError, MemoryError, RecursionError) as error:
    sys.stdout.write("%s: %s" % (type(error).__name__, error))
    sys.exit(10)
"""

_IMPORTING = """
import json, sys
_mark = sys.stdin.readline().strip()
sys.argv = ["script.py"]
import script
with open("_assay_mark.json", "w") as file:
    json.dump({"mark": _mark}, file)
"""

_TESTING = """
import json, os, sys
_mark = sys.stdin.readline().strip()
import pytest
class _Count:
    number = -1
    def pytest_collection_finish(self, session):
        self.number = len(session.items)
_count = _Count()
_code = int(pytest.main(%s, plugins=[_count]))
with open("_assay_mark.json", "w") as file:
    json.dump({"mark": _mark, "code": _code, "collected": _count.number}, file)
sys.exit(_code)
"""

_MUTATING = """
import json, os, resource, shutil, signal, sys, time
_mark = sys.stdin.readline().strip()
import pytest
_work, _how = os.getcwd(), %s
pytest.main(_how["warm"])  # what pytest imports as it goes is imported once
class _Count:
    number = -1
    def pytest_collection_finish(self, session):
        self.number = len(session.items)
_count = _Count()
_endings = []
for _number in range(_how["mutants"]):
    _place = os.path.join(_work, "m%%d" %% _number)
    shutil.copytree("base", _place)
    shutil.move("m%%d.py" %% _number, os.path.join(_place, "script.py"))
    _child = os.fork()
    if _child == 0:
        _code = 70
        try:
            os.setpgid(0, 0)
            os.chdir(_place)
            resource.setrlimit(resource.RLIMIT_CPU, (_how["cpu_s"], _how["cpu_s"] + 1))
            _null = os.open("/dev/null", os.O_RDWR)
            for _fd in (0, 1, 2):
                os.dup2(_null, _fd)
            _code = int(pytest.main(_how["arguments"], plugins=[_count]))
            with open("_assay_mark.json", "w") as file:
                json.dump({"mark": _mark, "code": _code, "collected": _count.number}, file)
        finally:
            os._exit(_code)
    _end, _status, _done = time.monotonic() + _how["wall_s"], 0, 0
    while not _done:
        _done, _status = os.waitpid(_child, os.WNOHANG)
        if _done:
            break
        if time.monotonic() > _end:
            break
        time.sleep(0.005)
    try:
        os.killpg(_child, signal.SIGKILL)
    except OSError:
        pass
    if not _done:
        os.waitpid(_child, 0)
    _signal = os.WTERMSIG(_status) if _done and os.WIFSIGNALED(_status) else 0
    _ending = "late" if not _done else "cpu" if _signal in (signal.SIGXCPU, signal.SIGKILL) else "ended"
    _endings.append({"ending": _ending, "code": os.WEXITSTATUS(_status) if _done and not _signal else None})
with open("_assay_mark.json", "w") as file:
    json.dump({"mark": _mark, "endings": _endings}, file)
"""

_WARM = "import pytest\n\n\ndef test_warm():\n    assert pytest\n"

Files = Mapping[str, str]


# ---- Specs ---------------------------------------------------------------------------------------------------------


def _limits(timeout_s: float, cpu_s: float | None = None) -> Limits:
    return Limits(wall_s=timeout_s, cpu_s=cpu_s or timeout_s, output_kb=256)


def _bytes(*groups: Files) -> dict[str, bytes]:
    return {path: text.encode("utf-8", "replace") for group in groups for path, text in group.items()}


def parse_spec(source: str, timeout_s: float) -> Spec:
    """Does it parse? Nothing of it is run, and nothing of it lies beside but itself."""
    return Spec(files=_bytes({SCRIPT: source, _PARSES: _PARSING}), main=_PARSES, limits=_limits(timeout_s))


def import_spec(source: str, files: Files, timeout_s: float, mark: str) -> Spec:
    """Can it be imported?"""
    return Spec(
        files=_bytes(files, {SCRIPT: source, _IMPORTS: _IMPORTING}),
        main=_IMPORTS,
        stdin=f"{mark}\n".encode(),
        collect=(_MARK,),
        limits=_limits(timeout_s),
    )


def run_spec(source: str, files: Files, args: Sequence[str], stdin: str, timeout_s: float) -> Spec:
    """Does it run as a program?"""
    return Spec(
        files=_bytes(files, {SCRIPT: source}),
        main=SCRIPT,
        argv=tuple(args),
        stdin=stdin.encode("utf-8", "replace"),
        limits=_limits(timeout_s),
    )


def pytest_spec(
    source: str,
    tests: str,
    files: Files,
    timeout_s: float,
    mark: str,
    *,
    without: Sequence[str] = (),
    first_failure: bool = False,
    cpu_s: float | None = None,
) -> Spec:
    """The tests, with pytest. `without`: tests to leave out; `first_failure`: stop there."""
    driver = _TESTING % json.dumps(_arguments(without, first_failure=first_failure))
    return Spec(
        files=_bytes(files, {SCRIPT: source, TESTS: tests, _TESTS: driver, "pytest.ini": "[pytest]\n"}),
        main=_TESTS,
        stdin=f"{mark}\n".encode(),
        collect=(_MARK, _REPORT),
        collect_mb=8,
        limits=_limits(timeout_s, cpu_s),
    )


def mutants_spec(
    sources: Sequence[str],
    tests: str,
    files: Files,
    timeout_s: float,
    mark: str,
    *,
    without: Sequence[str],
    cpu_s: float,
) -> Spec:
    """The tests against many mutants, one after the other: pytest is imported once, each mutant has a process of its own.

    It is the quick way. A mutant of which it says nothing that can be believed is to be run by itself, by `pytest_spec`.
    """
    how = {
        "mutants": len(sources),
        "cpu_s": math.ceil(cpu_s),
        "wall_s": timeout_s,
        "arguments": _arguments(without, first_failure=True),
        "warm": ["-q", "-p", "no:cacheprovider", "--noconftest", "-c", "base/pytest.ini", "_assay_warm.py"],
    }
    beside = {f"base/{path}": text for path, text in {**files, TESTS: tests, "pytest.ini": "[pytest]\n"}.items()}
    changed = {f"m{number}.py": source for number, source in enumerate(sources)}
    whole = Limits(
        wall_s=min(3600, 20 + len(sources) * timeout_s),
        cpu_s=min(3600, 20 + len(sources) * (math.ceil(cpu_s) + 1)),
        output_kb=64,
    )
    return Spec(
        files=_bytes(beside, changed, {_TESTS: _MUTATING % repr(how), "_assay_warm.py": _WARM}),
        main=_TESTS,
        stdin=f"{mark}\n".encode(),
        collect=(_MARK, f"m*/{_MARK}", f"m*/{_REPORT}"),
        collect_mb=16,
        limits=whole,
    )


def _arguments(without: Sequence[str], *, first_failure: bool) -> list[str]:
    """pytest's, with nothing of a configuration or plug-in that lies beside the tests."""
    arguments = ["-q", "--tb=short", "--color=no", "-p", "no:cacheprovider", "--noconftest", "-c", "pytest.ini"]
    arguments += ["--rootdir", ".", "-o", "junit_family=xunit2", f"--junitxml={_REPORT}"]
    arguments += ["-x"] if first_failure else []
    for name in without:
        arguments += ["--deselect", name]
    return [*arguments, TESTS]


# ---- what a script did ---------------------------------------------------------------------------------------------


class Parsed(NamedTuple):
    """Whether it parses, and else why not."""

    ok: bool
    message: str = ""
    error: str = ""


def parse_said(run: Run) -> Parsed:
    if run.status == "ok":
        return Parsed(True)
    if run.status == "sandbox_error":
        return Parsed(False, error=run.detail or "the sandbox failed")
    said = run.stdout.decode("utf-8", "replace").strip()
    return Parsed(False, one_line(said or f"the parser was ended: {run.status}", MESSAGE))


def script_said(attempt: ScriptAttempt, imported: Run, ran: Run, mark: str) -> ScriptAttempt:
    """The attempt with what importing and running it came to."""
    if "sandbox_error" in (imported.status, ran.status):
        return _with(attempt, "error", "the sandbox failed", imported.detail or ran.detail)
    imports = _marked(imported, mark) is not None
    runs = ran.status == "ok"
    attempt = attempt.model_copy(
        update={
            "tried": True,
            "parses": True,
            "imports": imports,
            "runs": runs,
            "exit_code": ran.exit_code,
            "stdout": _text(ran.stdout),
            "stderr": _text(ran.stderr) or _text(imported.stderr),
            "wall_s": ran.wall_s,
            "cpu_s": ran.cpu_s,
        }
    )
    if not imports:
        if package := _missing(imported, attempt.source, attempt.files):
            missing = attempt.model_copy(update={"package": package})
            return _with(missing, "missing_package", f"it needs the package {package}, which is not here")
        status, message = _failure(imported)
        if status == "exception":
            message = _last_line(imported) or "it ends the process that imports it"
        elif status in ("exit", "ran"):
            message = f"importing it ends the process with exit code {imported.exit_code}"
        return _with(attempt, status if status in ("timeout", "oom") else "import_error", message)
    if not runs:
        if package := _missing(ran, attempt.source, attempt.files):
            missing = attempt.model_copy(update={"package": package})
            return _with(missing, "missing_package", f"it needs the package {package}, which is not here")
        return _with(attempt, *_failure(ran))
    return _with(attempt, "ran")


def _with(attempt: ScriptAttempt, status: ScriptStatus, message: str = "", more: str = "") -> ScriptAttempt:
    told = ": ".join(part for part in (message, more) if part)
    return attempt.model_copy(update={"status": status, "message": one_line(told, MESSAGE)})


def _failure(run: Run) -> tuple[ScriptStatus, str]:
    """What a program's Run says went wrong."""
    match run.status:
        case "timeout" | "cpu":
            return "timeout", f"it was still running after {run.wall_s:.1f} s ({run.cpu_s:.1f} s of CPU time)"
        case "oom":
            return "oom", "it needed more memory than it may have"
        case "signal" | "output_limit":
            return "signal", f"ended by signal {run.signal}" if run.signal else run.detail
    last = _last_line(run)
    if run.exit_code == 1 and "Traceback (most recent call last)" in _text(run.stderr):
        return ("needs_input" if last.startswith("EOFError") else "exception"), last
    return "exit", f"it ends with exit code {run.exit_code}{f': {last}' if last else ''}"


def _missing(run: Run, source: str, files: Files) -> str:
    """The package that a program stopped for. Only one that its source really imports: its own words prove nothing."""
    found = re.search(r"ModuleNotFoundError: No module named '([A-Za-z0-9_.]+)'", _last_line(run))
    if not found:
        return ""
    import sys

    name = found[1].split(".")[0]
    here = {path.split("/")[0].removesuffix(".py") for path in files}
    if name in sys.stdlib_module_names or name in here or name == "script":
        return ""
    sources = [source, *(text for path, text in files.items() if path.endswith(".py"))]
    return name if any(name in imported_packages(text) for text in sources) else ""


# ---- what tests did ------------------------------------------------------------------------------------------------


class Tested(NamedTuple):
    """One run of a test file."""

    status: TestStatus
    message: str = ""
    tests: tuple[TestOutcome, ...] = ()
    collects: bool = False


def tests_said(run: Run, mark: str) -> Tested:
    """What a test run came to. A pass is believed only where exit code, report and mark agree."""
    if run.status == "sandbox_error":
        return Tested("error", run.detail or "the sandbox failed")
    if run.status in ("timeout", "cpu"):
        return Tested("timeout", f"still running after {run.wall_s:.1f} s ({run.cpu_s:.1f} s of CPU time)")
    if run.status == "oom":
        return Tested("oom", "the tests needed more memory than they may have")
    said = _marked(run, mark)
    code = said.get("code") if said is not None else None
    if code is None or run.status not in ("ok", "exit") or run.exit_code != code:
        return Tested("crashed", f"the tests ended the process before pytest came to its end ({_ending(run)})")
    tests = _outcomes(run.files.get(_REPORT, b""))
    if tests is None:
        return Tested("crashed", "the report is not what pytest writes")
    if code == 5 or (code == 0 and all(test.outcome == "skipped" for test in tests)):
        return Tested("no_tests", "every test is skipped" if tests else "nothing is collected", tests)
    bad = [test for test in tests if test.outcome in ("failed", "error")]
    if code == 0 and said is not None and said.get("collected") != len(tests):
        return Tested("crashed", f"of {said.get('collected')} tests that were collected the report tells {len(tests)}")
    if code == 0 and tests and not bad:
        return Tested("passed", "", tests, collects=True)
    if code == 1 and bad:
        first = bad[0]
        return Tested("failed", f"{len(bad)} of {len(tests)}: {first.name}: {first.message}", tests, collects=True)
    if code in (2, 3, 4):
        return Tested("collect_error", _collect_error(run))
    return Tested("crashed", f"the report and pytest's exit code {code} do not agree")


def tests_attempt(attempt: TestAttempt, run: Run, mark: str, script: str) -> TestAttempt:
    """The attempt with what its run came to."""
    said = tests_said(run, mark)
    output = _text(run.stdout)
    status, message, package = said.status, said.message, ""
    if status == "collect_error" and (package := _missing_in(output, attempt.source, script)):
        status, message = "missing_package", f"the tests need the package {package}, which is not here"
    return attempt.model_copy(
        update={
            "tried": True,
            "status": status,
            "message": one_line(message, MESSAGE),
            "package": package,
            "collects": said.collects,
            "tests": said.tests,
            "output": output or _text(run.stderr),
            "wall_s": run.wall_s,
            "cpu_s": run.cpu_s,
        }
    )


def with_second_run(attempt: TestAttempt, run: Run, mark: str) -> TestAttempt:
    """The attempt with what each test came to when all were run again; unchanged where our sandbox failed."""
    if run.status == "sandbox_error":
        return attempt
    again = {test.name: test.outcome for test in tests_said(run, mark).tests}
    tests = tuple(test.model_copy(update={"again": again.get(test.name, "gone")}) for test in attempt.tests)
    return attempt.model_copy(update={"tests": tests})


def caught(run: Run, mark: str) -> tuple[bool | None, str]:
    """Whether a test run noticed the mutant, and by what."""
    said = tests_said(run, mark)
    match said.status:
        case "error":
            return None, said.message
        case "passed":
            return False, ""
        case "failed":
            return True, next(test.name for test in said.tests if test.outcome in ("failed", "error"))
        case "timeout" | "oom":
            return True, "it broke a limit"
        case "no_tests":
            return False, said.message
    return True, said.message


def caught_each(run: Run, mark: str, number: int) -> list[tuple[bool | None, str]]:
    """The same of each mutant of `mutants_spec`; None where nothing can be believed, and it is to be run by itself."""
    said = _marked(run, mark)
    endings = said.get("endings") if said is not None else None
    if not isinstance(endings, list) or len(endings) != number:
        return [(None, "")] * number
    return [_caught_one(run, mark, at, ending) for at, ending in enumerate(endings)]


def _caught_one(run: Run, mark: str, number: int, ending: object) -> tuple[bool | None, str]:
    if not isinstance(ending, dict) or ending.get("ending") not in ("ended", "cpu"):
        return None, ""
    if ending["ending"] == "cpu":
        return True, "it broke a limit"
    code = ending.get("code")
    files = {name: run.files.get(f"m{number}/{name}", b"") for name in (_MARK, _REPORT)}
    if code is None or _MARK not in files:
        return None, ""
    alone = run.model_copy(update={"status": "ok" if code == 0 else "exit", "exit_code": code, "files": files})
    if tests_said(alone, mark).status == "crashed":
        return None, ""
    return caught(alone, mark)


def _outcomes(report: bytes) -> tuple[TestOutcome, ...] | None:
    """The tests of a report; None: it is none, or one made to do harm."""
    if not report or len(report) > _MAX_REPORT:
        return None
    try:
        text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", report.decode("utf-8"), count=1)
    except UnicodeDecodeError:
        return None
    if "<!" in text.replace("<![CDATA[", ""):  # a document type can hold entities; pytest writes none
        return None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - bounded, and without a document type nothing is expanded
    except (ElementTree.ParseError, ValueError, RecursionError):
        return None
    if not all((suite.get("tests") or "0").isdecimal() for suite in root.iter("testsuite")):
        return None
    told = sum(int(suite.get("tests") or "0") for suite in root.iter("testsuite"))
    found: dict[str, TestOutcome] = {}
    for case in root.iter("testcase"):
        one = _outcome(case)
        if one.name not in found or found[one.name].outcome == "passed":
            found[one.name] = one
    # a test that was begun and not ended (pytest.exit) stands in the report, and is not counted in it
    return tuple(found.values()) if told >= len(found) else None


_Outcome = Literal["passed", "failed", "error", "skipped"]
_KINDS: dict[str, _Outcome] = {"failure": "failed", "error": "error", "skipped": "skipped"}


def _outcome(case: ElementTree.Element) -> TestOutcome:
    classes = case.get("classname", "").split(".")[1:]
    name = "::".join([TESTS, *classes, case.get("name", "")])
    for child in case:
        if child.tag in _KINDS:
            message = one_line(child.get("message", ""), MESSAGE)
            return TestOutcome(name=name, outcome=_KINDS[child.tag], message=message)
    return TestOutcome(name=name, outcome="passed")


def _marked(run: Run, mark: str) -> dict[str, object] | None:
    """What was written down after the last line of ours, if it bears the mark."""
    try:
        said = json.loads(run.files.get(_MARK, b""))
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and said.get("mark") == mark else None


def _collect_error(run: Run) -> str:
    lines = [line[2:].strip() for line in _text(run.stdout).split("\n") if line.startswith("E ")]
    return next(reversed(lines), "") or _last_line(run) or "pytest could not begin"


def _missing_in(output: str, tests: str, script: str) -> str:
    import sys

    for name in re.findall(r"ModuleNotFoundError: No module named '([A-Za-z0-9_]+)", output):
        if name not in sys.stdlib_module_names and name != "script":
            return str(name) if name in imported_packages(tests) | imported_packages(script) else ""
    return ""


def _ending(run: Run) -> str:
    return f"signal {run.signal}" if run.signal else f"exit code {run.exit_code}"


def _last_line(run: Run) -> str:
    lines = _text(run.stderr).strip().split("\n")
    return one_line(lines[-1].strip(), MESSAGE)


def _text(data: bytes) -> str:
    text = data[-4 * _SHOWN :].decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"…{text[-_SHOWN:]}"
