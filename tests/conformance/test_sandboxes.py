"""What every back end does alike: statuses, limits, input, output, files, languages."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from signal import Signals

import pytest

from assay.errors import AssayError
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.supervise import Running
from assay.records import Language, Limits, Run, Spec
from tests.conformance.backends import NAMES, opened


@pytest.fixture(scope="module", params=NAMES)
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with opened(request.param, tmp_path_factory.mktemp("home")) as made:
        yield made


def python(sandbox: Sandbox, source: str, **options: object) -> Run:
    limits = options.pop("limits", Limits(wall_s=20, cpu_s=5))
    return sandbox.run(Spec(files={"main.py": source.encode()}, limits=limits, **options))


@pytest.mark.parametrize(
    ("source", "status", "code", "signal"),
    [
        ("print('hello')", "ok", 0, None),
        ("import sys; sys.exit(7)", "exit", 7, None),
        ("import sys; sys.exit('bad')", "exit", 1, None),
        ("exit(3)", "exit", 3, None),
        ("1/0", "exit", 1, None),
        ("def f(:", "exit", 1, None),
        ("import os; os._exit(255)", "exit", 255, None),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal", None, 11),
        ("import os; os.abort()", "signal", None, 6),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal", None, 9),
        ("raise SystemExit", "ok", 0, None),
    ],
)
def test_a_program_ends_as_it_ended(
    sandbox: Sandbox, source: str, status: str, code: int | None, signal: int | None
) -> None:
    run = python(sandbox, source)
    assert (run.status, run.exit_code, run.signal) == (status, code, signal), run
    assert run.detail == (f"ended by {Signals(signal).name}" if signal else "")
    assert run.isolation == sandbox.capabilities()
    assert run.wall_s > 0


def test_writing_to_a_closed_pipe_is_an_error_in_python_and_ends_a_command(sandbox: Sandbox) -> None:
    source = (
        "import os\nr, w = os.pipe()\nos.close(r)\ntry: os.write(w, b'x')\nexcept BrokenPipeError: print('an error')"
    )
    assert python(sandbox, source).stdout == b"an error\n"
    run = sandbox.run(Spec(command=("/bin/sh", "-c", "yes | head -n 1")))
    assert (run.status, run.stdout, run.stderr) == ("ok", b"y\n", b"")


def test_exit_codes_that_others_read_as_timeouts_are_exit_codes(sandbox: Sandbox) -> None:
    for code in (124, 125, 126, 127, 137):
        assert python(sandbox, f"import sys; sys.exit({code})").exit_code == code


def test_a_program_that_sleeps_beyond_its_wall_time_times_out_with_its_output_so_far(sandbox: Sandbox) -> None:
    run = python(sandbox, "import time; print('here', flush=True); time.sleep(60)", limits=Limits(wall_s=1))
    assert (run.status, run.stdout) == ("timeout", b"here\n")
    assert run.wall_s < 10


def test_a_time_out_names_the_time_that_was_allowed_last(sandbox: Sandbox) -> None:
    spec = Spec(files={"main.py": b"import time; time.sleep(60)"}, mode="calls", limits=Limits(wall_s=30))
    with sandbox.open(spec) as dialogue:
        dialogue.renew(0.5)
        assert dialogue.receive() is None
        assert dialogue.finish().detail.startswith("still running after 0.5 s of wall time")


def test_a_frame_with_a_descriptor_waits_for_room_as_any_other(sandbox: Sandbox) -> None:
    if not sandbox.links:
        pytest.skip("no descriptor can be handed in there")
    source = b"import time; time.sleep(1)\ndef f(n): return n"
    spec = Spec(files={"main.py": source}, mode="calls", limits=Limits(wall_s=20, cpu_s=15))
    with sandbox.open(spec) as dialogue, open("/dev/null", "rb") as attached:
        assert isinstance(dialogue, Running)
        assert dialogue._channel is not None
        with contextlib.suppress(BlockingIOError):
            while True:
                dialogue._channel.send(b'["batch","f",[],false]\n')
        dialogue.send(b'["batch","f",[[[1],{}]],false]', attached.fileno())
        assert [dialogue.receive(), dialogue.receive()] == [b'["ready"]', b'["v",1]']


def test_a_program_that_computes_beyond_its_cpu_time_is_ended(sandbox: Sandbox) -> None:
    run = python(sandbox, "while True: pass", limits=Limits(wall_s=30, cpu_s=1))
    assert run.status == "cpu"
    assert run.wall_s < 25


def test_cpu_time_of_children_counts(sandbox: Sandbox) -> None:
    source = "import os\nfor _ in range(3): os.fork()\nwhile True: pass"
    assert python(sandbox, source, limits=Limits(wall_s=30, cpu_s=1)).status == "cpu"


def test_a_program_that_ignores_its_cpu_signal_is_ended(sandbox: Sandbox) -> None:
    source = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    assert python(sandbox, source, limits=Limits(wall_s=30, cpu_s=1)).status == "cpu"


def test_memory_beyond_the_limit_is_not_had(sandbox: Sandbox) -> None:
    run = python(
        sandbox, "block = bytearray(900 << 20)\nprint(len(block))", limits=Limits(wall_s=20, cpu_s=10, memory_mb=200)
    )
    assert run.status == "oom" or b"MemoryError" in run.stderr, run
    assert run.stdout == b""


def test_memory_of_many_processes_counts_together(sandbox: Sandbox) -> None:
    source = """
import os, time
told, tell = os.pipe()
until, go = os.pipe()
for _ in range(8):
    if os.fork() == 0:
        os.close(go)
        block = bytearray(40 << 20)
        block[::4096] = b"x" * len(block[::4096])
        os.write(tell, b"x")
        os.close(tell)
        os.read(until, 1)
        os._exit(0)
os.close(tell)
holding = len(b"".join(iter(lambda: os.read(told, 8), b"")))
time.sleep(1)  # for who looks at it now and then
print(holding)
"""
    run = python(sandbox, source, limits=Limits(wall_s=20, cpu_s=10, memory_mb=200))
    assert run.status == "oom", run
    run = python(sandbox, source, limits=Limits(wall_s=20, cpu_s=10, memory_mb=600))
    assert (run.status, run.stdout) == ("ok", b"8\n"), run


def test_output_beyond_the_cap_is_dropped_and_counted(sandbox: Sandbox) -> None:
    run = python(
        sandbox,
        "import sys\nfor _ in range(64): sys.stdout.write('x' * (1 << 16))",
        limits=Limits(output_kb=100, cpu_s=5),
    )
    assert run.status == "ok"
    assert len(run.stdout) == 100 << 10
    assert run.stdout_dropped == (4 << 20) - (100 << 10)


def test_output_beyond_the_cap_ends_the_run_where_it_is_what_is_judged(sandbox: Sandbox) -> None:
    run = python(sandbox, "while True: print('x' * 1000)", limits=Limits(output_kb=100, cpu_s=5), judged_stdout=True)
    assert run.status == "output_limit"
    assert len(run.stdout) == 100 << 10


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "import os\nos.write(1, b'at the start')\ndef f(n):\n    os.write(1, b'x' * n)\n    os.write(2, b'y')\n"),
        ("javascript", "const fs = require('fs')\nfs.writeSync(1, 'at the start')\nfunction f(n) { fs.writeSync(1, 'x'.repeat(n)); fs.writeSync(2, 'y') }"),
    ],
    ids=["python", "javascript"],
)  # fmt: skip
def test_what_was_printed_before_an_answer_is_there_with_it(sandbox: Sandbox, language: Language, source: str) -> None:
    main = "main.py" if language == "python" else "main.js"
    spec = Spec(language=language, main=main, files={main: source.encode()}, mode="calls", limits=Limits(cpu_s=5))
    with sandbox.open(spec) as dialogue:
        assert dialogue.receive() == b'["ready"]'
        printed, complained = dialogue.so_far()
        assert (printed, complained) == (12, 0)
        for size in (1, 60_000, 3) * 3:
            dialogue.send(b'["batch","f",[[[%d],{}]],false]' % size)
            assert dialogue.receive() is not None
            printed, complained = printed + size, complained + 1
            assert dialogue.so_far() == (printed, complained)
        assert dialogue.finish().status == "ok"


def test_output_is_given_as_the_bytes_it_was(sandbox: Sandbox) -> None:
    run = python(sandbox, r"import os; os.write(1, b'\xff\x00\x1b[31m\r\n'); os.write(2, b'\xfe')")
    assert (run.stdout, run.stderr) == (b"\xff\x00\x1b[31m\r\n", b"\xfe")


def test_input_and_arguments_arrive(sandbox: Sandbox) -> None:
    run = python(sandbox, "import sys; print(sys.stdin.read(), sys.argv[1:])", stdin=b"one\ntwo", argv=("a", "b c"))
    assert run.stdout == b"one\ntwo ['a', 'b c']\n"


def test_without_input_a_program_reads_its_end(sandbox: Sandbox) -> None:
    run = python(sandbox, "print(repr(open(0).read()))")
    assert run.stdout == b"''\n"


def test_a_program_has_all_of_its_files(sandbox: Sandbox) -> None:
    files = {
        "main.py": b"import helper, pkg.deep\nprint(helper.x, pkg.deep.y, open('data/t.txt').read())",
        "helper.py": b"x = 1",
        "pkg/deep.py": b"y = 2",
        "data/t.txt": b"text",
    }
    assert sandbox.run(Spec(files=files)).stdout == b"1 2 text\n"


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "", "x\0y"], ids=repr)
def test_a_file_outside_the_programs_folder_is_refused(sandbox: Sandbox, path: str) -> None:
    with pytest.raises(AssayError, match="no path"):
        sandbox.run(Spec(files={"main.py": b"", path: b""}))


def test_files_are_brought_out_and_what_is_no_file_is_left_with_the_reason(sandbox: Sandbox) -> None:
    source = """
import os
os.makedirs("out/deep")
open("out/a.txt", "w").write("A")
open("out/deep/b.txt", "w").write("B")
open("c.log", "w").write("C")
os.symlink("/etc/passwd", "out/link.txt")
os.symlink("/etc", "out/folder")
os.mkfifo("out/pipe.txt")
open("out/twice.txt", "w").write("T"); os.link("out/twice.txt", "out/again.txt")
"""
    run = python(sandbox, source, collect=("out/**",))
    assert run.files == {"out/a.txt": b"A", "out/deep/b.txt": b"B"}
    left = " ".join(run.files_left)
    assert all(name in left for name in ("link.txt", "pipe.txt", "twice.txt", "again.txt"))
    assert python(sandbox, source, collect=("*.log",)).files == {"c.log": b"C"}


def test_nothing_is_left_for_the_next_program(sandbox: Sandbox) -> None:
    leave = "import os\nfor p in ('left.txt', os.environ['TMPDIR'] + '/left.txt'): open(p, 'w').write('x')\nimport builtins, json\nbuiltins.left = json.left = 1\nos.environ['LEFT'] = '1'"
    look = "import os, builtins, json\nprint(os.path.exists('left.txt'), os.path.exists(os.environ['TMPDIR'] + '/left.txt'), hasattr(builtins, 'left'), hasattr(json, 'left'), 'LEFT' in os.environ)"
    assert python(sandbox, leave).status == "ok"
    assert python(sandbox, look).stdout == b"False False False False False\n"


def test_survivors_do_not_hold_up_the_end(sandbox: Sandbox) -> None:
    source = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(300)\n    os._exit(0)\nprint('done')"
    start = time.monotonic()
    run = python(sandbox, source)
    assert (run.status, run.stdout) == ("ok", b"done\n")
    assert time.monotonic() - start < 15


def test_random_numbers_differ_from_run_to_run_and_the_order_of_sets_does_not(sandbox: Sandbox) -> None:
    source = "import random; print(random.random())"
    assert python(sandbox, source).stdout != python(sandbox, source).stdout
    source = "print({'one', 'two', 'three', 'four', 'five'})"
    assert len({python(sandbox, source).stdout for _ in range(3)}) == 1


def test_a_program_sees_nothing_of_what_the_sandbox_did_to_be_ready(sandbox: Sandbox) -> None:
    look = "import os, sys; print(sys.argv, 'candidate' in sys.modules, 'LD_BIND_NOW' in os.environ, sys.modules['__main__'].look)"
    assert python(sandbox, f"look = 1\n{look}").stdout == b"['main.py'] False False 1\n"


def test_the_environment_holds_nothing_of_ours(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-value")
    run = python(sandbox, "import os; print(dict(os.environ)); print(open('/proc/self/environ').read())")
    assert b"secret" not in run.stdout
    assert b"KEY" not in run.stdout


def test_javascript_runs(sandbox: Sandbox) -> None:
    source = b"const fs = require('fs'); console.log(process.argv.length, fs.readFileSync(0, 'utf8').trim()); process.exitCode = 5"
    run = sandbox.run(
        Spec(language="javascript", main="main.js", files={"main.js": source}, stdin=b"hi\n", argv=("x",))
    )
    assert (run.status, run.exit_code, run.stdout) == ("exit", 5, b"3 hi\n"), run


def test_nodes_own_threads_take_none_of_a_programs_processes(sandbox: Sandbox) -> None:
    source = b"""
        require('fs').readFile('main.js', (_, read) => require('crypto').randomBytes(5, (_, made) => {
            const [child] = require('child_process').spawnSync('/bin/echo', ['hi']).output.filter(x => x)
            console.log(read.length > 9, made.length, child.toString().trim())
        }))
    """
    spec = Spec(language="javascript", main="main.js", files={"main.js": source}, limits=Limits(processes=1, wall_s=30))
    shared_uid = os.geteuid() != 0 and sandbox.capabilities().backend in ("landlock", "local")
    runs = (sandbox.run(spec) for _ in range(10 if shared_uid else 1))  # what we start meanwhile takes from its share
    assert ("ok", b"true 5 hi\n") in ((run.status, run.stdout) for run in runs)


def test_javascript_that_needs_more_heap_than_it_has_is_out_of_memory(sandbox: Sandbox) -> None:
    source = b"const kept = []; for (;;) kept.push({ number: kept.length, also: [kept.length] })"
    limits = Limits(wall_s=60, cpu_s=30, memory_mb=512)
    run = sandbox.run(Spec(language="javascript", main="main.js", files={"main.js": source}, limits=limits))
    said = ["needed more than 384 MiB for its JavaScript values"]
    if (
        run.isolation.memory != "cgroup"
    ):  # what is polled counts more than the values, and may be the first to be too much
        said.append("used more than 512 MiB of memory")
    assert run.status == "oom", run
    assert run.detail in said
    source = b"console.error('JavaScript heap out of memory'); process.exit(1)"
    run = sandbox.run(Spec(language="javascript", main="main.js", files={"main.js": source}))
    assert (run.status, run.exit_code) == ("exit", 1)


def test_a_command_of_its_own_runs(sandbox: Sandbox) -> None:
    assert sandbox.run(Spec(command=("/bin/sh", "-c", "echo $HOME | wc -l"))).stdout.strip() == b"1"
    run = sandbox.run(Spec(command=("/no/such/program",)))
    assert run.exit_code == 127
    assert b"no/such/program" in run.stderr


def test_many_runs_come_back_each_once_with_their_labels(sandbox: Sandbox) -> None:
    specs = (Spec(files={"main.py": f"print({number})".encode()}, label=str(number)) for number in range(20))
    runs = {run.label: run.stdout for run in sandbox.map(specs, workers=2)}
    assert runs == {str(number): f"{number}\n".encode() for number in range(20)}


def test_threads_may_share_a_sandbox(sandbox: Sandbox) -> None:
    found: list[bytes] = []

    def work(number: int) -> None:
        found.extend(python(sandbox, f"import time; time.sleep(0.01); print({number})").stdout for _ in range(3))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"{number}\n".encode() for number in range(4) for _ in range(3))
