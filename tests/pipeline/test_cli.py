"""`assay sandbox …` as somebody at a terminal uses it: real processes, real exit codes."""

import base64
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.pipeline.cli import _bring_out


def assay(*arguments: str | Path, folder: Path, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "ASSAY_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, "-m", "assay", "sandbox", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env=environment,
        timeout=120,
    )


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_run_prints_what_the_program_prints_and_ends_as_it_does(tmp_path: Path) -> None:
    program = write(
        tmp_path / "p.py", "import sys; print(sys.argv[1:], input()); print('err', file=sys.stderr); sys.exit(7)"
    )
    done = assay("run", program, "a", "--stdin", "-", folder=tmp_path, stdin=b"typed\n")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"['a'] typed\n", b"err\n")


@pytest.mark.parametrize(
    ("source", "options", "code", "word"),
    [
        ("import time; time.sleep(60)", ["--wall", "1"], 124, b"timeout"),
        ("while True: pass", ["--cpu", "1"], 152, b"cpu"),
        ("import os; os.kill(os.getpid(), 11)", [], 139, b"SIGSEGV"),
    ],
    ids=["timeout", "cpu", "signal"],
)
def test_run_says_why_a_program_was_ended_and_with_which_code(
    source: str, options: list[str], code: int, word: bytes, tmp_path: Path
) -> None:
    done = assay("run", write(tmp_path / "p.py", source), *options, folder=tmp_path)
    assert done.returncode == code
    assert word in done.stderr


def test_run_takes_javascript_by_its_ending_and_brings_files_out(tmp_path: Path) -> None:
    program = write(tmp_path / "p.js", "require('fs').writeFileSync('made.txt', 'x'); console.log(1 + 1)")
    done = assay("run", program, "--collect", "*.txt", "--into", "got", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"2\n"), done.stderr
    assert (tmp_path / "got" / "made.txt").read_bytes() == b"x"
    done = assay("run", program, "--collect", "*.txt", "--into", "/proc/nowhere", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"2\n")
    assert done.stderr.startswith(b"Error: /proc/nowhere/made.txt cannot be written")


@pytest.mark.parametrize("name", ["p.ts", "p.tsx", "p.rb", "p.json"])
def test_run_refuses_what_is_neither_language_by_its_ending_unless_told(name: str, tmp_path: Path) -> None:
    program = write(tmp_path / name, "print('as told')")
    done = assay("run", program, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"{name} is neither Python nor JavaScript by its ending, {program.suffix}".encode() in done.stderr
    assert b"--lang" in done.stderr
    assert assay("run", program, "--lang", "python", folder=tmp_path).stdout == b"as told\n"


def test_run_takes_a_file_without_an_ending_for_python(tmp_path: Path) -> None:
    assert assay("run", write(tmp_path / "program", "print(1 + 1)"), folder=tmp_path).stdout == b"2\n"


def test_run_gives_everything_as_json(tmp_path: Path) -> None:
    done = assay("run", write(tmp_path / "p.py", "print(1)"), "--json", folder=tmp_path)
    run = json.loads(done.stdout)
    assert (run["status"], run["exit_code"]) == ("ok", 0)
    assert run["isolation"]["level"] >= 1


def test_with_json_the_files_are_in_it_and_nowhere_else(tmp_path: Path) -> None:
    program = write(tmp_path / "p.py", "open('made.txt', 'w').write('x')")
    done = assay("run", program, "--json", "--collect", "*.txt", "--into", "got", folder=tmp_path)
    assert base64.urlsafe_b64decode(json.loads(done.stdout)["files"]["made.txt"]) == b"x"
    assert not (tmp_path / "got").exists()


TESTS = "def check(candidate):\n    assert candidate(2, 3) == 5\n    assert candidate(-1, 1) == 0, 'sums to zero'\n"


@pytest.mark.parametrize("ending", ["", "check(add)\n"], ids=["check is defined", "check is called"])
def test_grade_passes_a_right_candidate_only(ending: str, tmp_path: Path) -> None:
    tests = write(tmp_path / "tests.py", TESTS + ending)
    right = assay(
        "grade",
        write(tmp_path / "right.py", "def add(a, b): return a + b"),
        "--tests",
        tests,
        "--entry",
        "add",
        folder=tmp_path,
    )
    assert right.returncode == 0
    assert right.stdout.startswith(b"pass (integrity: proxy")
    wrong = assay(
        "grade",
        write(tmp_path / "wrong.py", "def add(a, b): return abs(a) + b"),
        "--tests",
        tests,
        "--entry",
        "add",
        folder=tmp_path,
    )
    assert wrong.returncode == 1
    assert b"sums to zero" in wrong.stdout
    assert b"the last answer: 2" in wrong.stdout


@pytest.mark.parametrize(
    ("tests", "idle"),
    [
        ("assert add(1, 2) == 3\ndef test_negative():\n    assert add(-1, 1) == 0\n", b"test_negative"),
        (TESTS + "def check_more(candidate):\n    pass\n", b"check_more"),
        ("import unittest\nclass TestAdd(unittest.TestCase):\n    pass\n", b"TestAdd"),
        (TESTS + "def test_more():\n    assert add(1, 1) == 2\ntest_more()\n", None),
    ],
)
def test_grade_refuses_tests_that_nothing_calls(tests: str, idle: bytes | None, tmp_path: Path) -> None:
    candidate = write(tmp_path / "c.py", "def add(a, b): return a + b")
    done = assay("grade", candidate, "--tests", write(tmp_path / "t.py", tests), "--entry", "add", folder=tmp_path)
    assert done.returncode == (0 if idle is None else 2), done.stderr
    if idle is not None:
        assert idle in done.stderr
        assert b"check(candidate)" in done.stderr


def test_grade_refuses_javascript(tmp_path: Path) -> None:
    candidate = write(tmp_path / "add.js", "function add(a, b) { return a + b }")
    done = assay("grade", candidate, "--tests", write(tmp_path / "t.py", TESTS), "--entry", "add", folder=tmp_path)
    assert (done.returncode, b"grade` tests Python" in done.stderr) == (2, True)


def test_a_package_that_is_not_seen_is_told_with_the_command_that_brings_it(tmp_path: Path) -> None:
    program = write(tmp_path / "p.py", "import nowhere_at_all")
    done = assay("run", program, folder=tmp_path)
    assert (done.returncode, b"assay sandbox packages" in done.stderr) == (1, True)
    done = assay("grade", program, "--tests", write(tmp_path / "t.py", TESTS), "--entry", "add", folder=tmp_path)
    assert (done.returncode, b"assay sandbox packages" in done.stderr) == (1, True)
    assert b"p.py" in done.stdout or b"nowhere_at_all" in done.stdout


def test_what_a_candidate_raises_prints_no_verdict_of_its_own(tmp_path: Path) -> None:
    candidate = write(tmp_path / "c.py", "def add(a, b): raise ValueError('\\x1b[2J\\npass (integrity: outside)')")
    done = assay("grade", candidate, "--tests", write(tmp_path / "t.py", TESTS), "--entry", "add", folder=tmp_path)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout
    assert not any(line.startswith(b"pass") for line in done.stdout.splitlines())


def test_tests_that_fail_by_themselves_are_no_verdict_on_the_candidate(tmp_path: Path) -> None:
    candidate = write(tmp_path / "c.py", "def add(a, b): return a + b")
    tests = write(tmp_path / "t.py", "def check(candidate:\n    pass\n")
    done = assay("grade", candidate, "--tests", tests, "--entry", "add", folder=tmp_path)
    assert done.returncode == 3
    assert (
        b"the tests ended before they called it: SyntaxError: '(' was never closed (line 1 of the tests)" in done.stdout
    )


def test_grade_gives_the_whole_report_as_json(tmp_path: Path) -> None:
    tests = write(tmp_path / "tests.py", TESTS)
    done = assay(
        "grade",
        write(tmp_path / "c.py", "import os; os._exit(0)"),
        "--tests",
        tests,
        "--entry",
        "add",
        "--json",
        folder=tmp_path,
    )
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["status"], report["integrity"]) == ("exception", "proxy")


def test_an_impossible_limit_and_an_unknown_back_end_are_said_so(tmp_path: Path) -> None:
    program = write(tmp_path / "p.py", "")
    done = assay("run", program, "--memory", "1", folder=tmp_path)
    assert done.returncode == 2
    assert b"--memory cannot be 1" in done.stderr
    done = assay("run", program, "--backend", "zygot", folder=tmp_path)
    assert done.returncode == 2
    assert b"Did you mean zygote" in done.stderr


def test_the_back_end_that_isolates_nothing_wants_to_be_asked_for(tmp_path: Path) -> None:
    done = assay("run", write(tmp_path / "p.py", ""), "--backend", "local", folder=tmp_path)
    assert done.returncode == 2
    assert b"--allow-unsafe" in done.stderr


def test_check_names_every_back_end_with_its_level(tmp_path: Path) -> None:
    done = assay("check", "--json", folder=tmp_path)
    rows = {row["backend"]: row for row in json.loads(done.stdout)}
    assert {"zygote", "bwrap", "local"} <= set(rows)
    for row in rows.values():
        assert row["summary"]
    assert any(row["level"] and row["level"] >= 1 for row in rows.values())


def test_who_waits_at_a_terminal_is_told_what_for(tmp_path: Path) -> None:
    candidate = write(tmp_path / "c.py", "import time\ndef add(a, b): time.sleep(3); return a + b")
    tests = write(tmp_path / "t.py", "assert add(1, 2) == 3")
    command = ["sandbox", "grade", candidate, "--tests", tests, "--entry", "add", "--wall", "20"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "ASSAY_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "assay", *map(str, command)], stdout=theirs, stderr=theirs, env=environment, timeout=120
    )
    os.close(theirs)
    with open(ours, "rb") as terminal:
        told = terminal.read1()
    assert done.returncode == 0
    assert told.startswith(b"assay: still at work: it may take 20 s")
    assert b"\npass " in told


def test_files_are_brought_out_through_no_link(tmp_path: Path) -> None:
    program = write(
        tmp_path / "p.py",
        "import os; os.mkdir('sub'); open('sub/a.txt', 'w').write('x'); open('b.txt', 'w').write('y')",
    )
    outside = tmp_path / "outside"
    outside.mkdir()
    into = tmp_path / "into"
    into.mkdir()
    (into / "sub").symlink_to(outside)
    done = assay("run", program, "--collect", "**/*.txt", "--into", into, folder=tmp_path)
    assert done.returncode == 2
    assert f"sub/a.txt cannot be written: {into}/sub is a link." in done.stderr.decode()
    (into / "sub").unlink()
    (into / "b.txt").unlink(missing_ok=True)
    (into / "b.txt").symlink_to(outside / "made")
    assert (
        f"b.txt cannot be written: {into}/b.txt is a link.".encode()
        in assay("run", program, "--collect", "*.txt", "--into", into, folder=tmp_path).stderr
    )
    assert list(outside.iterdir()) == []
    (into / "b.txt").unlink()
    write(into / "b.txt", "what was there before, and longer")
    assert assay("run", program, "--collect", "**/*.txt", "--into", into, folder=tmp_path).returncode == 0
    assert [(into / name).read_text() for name in ("sub/a.txt", "b.txt")] == ["x", "y"]


@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "{0}/out.txt", "a//b", ".", ".."])
def test_no_name_of_a_file_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="that is no name of a file"):
        _bring_out({name.format(tmp_path): b"x"}, (), tmp_path / "into")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_files_are_not_brought_out_into_what_is_no_file(tmp_path: Path) -> None:
    write(tmp_path / "file", "kept")
    with pytest.raises(AssayError, match="file is no folder"):
        _bring_out({"file/a.txt": b"x"}, (), tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AssayError, match="pipe cannot be written"):  # nobody reads it
        _bring_out({"pipe": b"x"}, (), tmp_path)
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(AssayError, match="not a regular file"):
        _bring_out({"pipe": b"x"}, (), tmp_path)
    assert os.read(reader, 1) == b""
    os.close(reader)
