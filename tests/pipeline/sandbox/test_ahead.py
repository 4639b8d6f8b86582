"""Nodes that were started before anybody asked: what runs over one is what runs in one that starts cold."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assay.errors import AssayError, SandboxUnavailable
from assay.pipeline.sandbox.ahead import MOST, Waiting, kind_of
from assay.pipeline.sandbox.bwrap import Bwrap
from assay.pipeline.sandbox.guest.jail import WORK
from assay.pipeline.sandbox.meter import descendants
from assay.pipeline.sandbox.namespaced import Namespaced
from assay.pipeline.sandbox.zygote import Zygote
from assay.records import Limits, Run, Spec
from assay.settings import Settings


@pytest.fixture(scope="module", params=[Zygote, Bwrap], ids=["zygote", "bwrap"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Namespaced]:
    try:
        with request.param(Settings(home=tmp_path_factory.mktemp("home"))) as made:
            made.capabilities()
            made.run(_spec(""))
            yield made
    except SandboxUnavailable as error:
        pytest.skip(f"{request.param.name} does not work here: {error}")


def _spec(source: str, **options: object) -> Spec:
    files = {"main.js": source.encode(), **options.pop("files", {})}  # type: ignore[dict-item]
    limits = options.pop("limits", Limits(wall_s=20, memory_mb=128))
    return Spec(language="javascript", main="main.js", files=files, limits=limits, **options)


def _until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


def _waits_for(sandbox: Namespaced, spec: Spec) -> Waiting:
    """A Node that waits for such a program; where there is none it is asked for as programs do that, by two of the kind."""
    kind = kind_of(spec)
    assert kind is not None
    ahead = sandbox._ahead

    def there() -> list[Waiting]:
        return [one for one in ahead._shelf if one.kind is kind]

    if not there():
        ahead._ask_for(kind)
        ahead._ask_for(kind)
        _until(there)
    return there()[0]


def _over_a_waiting_one(sandbox: Namespaced, spec: Spec) -> Run:
    waiting = _waits_for(sandbox, spec)
    with sandbox.open(spec) as running:
        assert sandbox.cage_of(running) is waiting.started.cage
        return running.finish()


def _cold(sandbox: Namespaced, spec: Spec) -> Run:
    """By way of what makes every sandbox start one: a main file that nobody asked for before."""
    kind = kind_of(spec)
    assert kind not in sandbox._ahead._asked
    return sandbox.run(spec)


_TELLS_ALL = r"""
const fs = require('fs'), path = require('path')
process.nextTick(() => console.log('tick'))
console.log(process.argv.map((word) => path.basename(word)), process.argv0, process.execArgv, process.title, process.env)
console.log(process.cwd(), __filename === process.argv[1], require.main === module, module.parent, module.paths.length)
console.log(Object.keys(require.cache), module.children.length, process.umask(), process.pid, process.ppid)
console.log(fs.readFileSync(0, 'utf8'), fs.fstatSync(0).isFile(), process.stdin.isTTY, process.stdout.isTTY, fs.fstatSync(1).isFIFO())
const below = (folder) => fs.readdirSync(folder, { withFileTypes: true }).flatMap((one) => one.isDirectory() ? below(path.join(folder, one.name)) : path.join(folder, one.name))
console.log(below('.').map((one) => [one, fs.statSync(one).mode, fs.statSync(one).uid, fs.readFileSync(one, 'latin1').length]))
console.log(fs.readdirSync('/proc/self/fd').length, fs.readdirSync('/tmp'), fs.readdirSync('/dev/shm'), require('./deep/er/part.js'))
console.log(fs.readFileSync('/proc/self/limits', 'utf8'), /Seccomp.*|Cap.*|NoNew.*|Sig[A-Z].*/g[Symbol.match](fs.readFileSync('/proc/self/status', 'utf8')))
new (require('worker_threads').Worker)("console.log('worker', process.execArgv, Object.keys(require.cache))", { eval: true })
require('child_process').fork('./child.js', { stdio: 'inherit' })
process.exitCode = 7
process.on('exit', () => null.property)
"""


def test_a_program_cannot_tell_one_that_waited(sandbox: Namespaced) -> None:
    files = {
        "deep/er/part.js": b"module.exports = [module.parent.id, require.main.id]",
        "child.js": b"console.log('child', process.execArgv, process.argv.length)",
        "deep/bytes": bytes(range(256)),
        "žluť.txt": b"",
    }
    spec = _spec(
        _TELLS_ALL, files=files, argv=("--first", "žluť"), stdin="žluť\n".encode(), limits=Limits(memory_mb=160)
    )
    cold, waited = _cold(sandbox, spec), _over_a_waiting_one(sandbox, spec)
    for part in (b"tick", b"worker", b"child", b"TypeError"):
        assert part in waited.stdout + waited.stderr
    assert sorted(waited.stdout.splitlines()) == sorted(cold.stdout.splitlines())  # a worker's line has no fixed place
    assert waited.stderr == cold.stderr
    assert (waited.status, waited.exit_code) == (cold.status, cold.exit_code)


def test_one_that_waited_runs_modules_keeps_time_and_brings_files_out(sandbox: Namespaced) -> None:
    files = {"package.json": b'{"type": "module"}'}
    spec = _spec(
        "import fs from 'node:fs'\nconst start = Date.now()\nawait new Promise((done) => setTimeout(done, 30))\n"
        "fs.writeFileSync('out.txt', `${import.meta.url} ${Date.now() - start >= 29}`)",
        files=files,
        collect=("*.txt",),
    )
    run = _over_a_waiting_one(sandbox, spec)
    assert (run.status, run.files) == ("ok", {"out.txt": f"file://{WORK}/{spec.main} true".encode()}), run


def test_one_that_waited_answers_calls(sandbox: Namespaced) -> None:
    spec = _spec("let calls = 0\nconst f = () => [++calls, process.argv.length, require.main.id]", mode="calls")
    for _ in range(2):
        waiting = _waits_for(sandbox, spec)
        with sandbox.open(spec) as running:
            assert sandbox.cage_of(running) is waiting.started.cage
            assert running.receive() == b'["ready"]'
            running.send(b'["batch","f",[[[],{}],[[],{}]],false]')
            assert [running.receive(), running.receive()] == [b'["v",[1,2,"."]]', b'["v",[2,2,"."]]']
            assert running.finish().status == "ok"
    run = _over_a_waiting_one(sandbox, _spec("throw new Error('at its start')", mode="calls"))
    assert run.exit_code == 1
    assert b"at its start" in run.stderr


def test_the_limits_count_for_one_that_waited(sandbox: Namespaced) -> None:
    busy = _spec("for (;;);", limits=Limits(cpu_s=0.3, wall_s=20))
    assert _over_a_waiting_one(sandbox, busy).status == "cpu"
    asleep = _spec("setTimeout(() => {}, 60_000)", limits=Limits(wall_s=0.2))
    assert _over_a_waiting_one(sandbox, asleep).status == "timeout"
    hungry = _spec("const all = []; for (;;) all.push(Buffer.alloc(1 << 22, 1))", limits=Limits(memory_mb=64))
    assert _over_a_waiting_one(sandbox, hungry).status == "oom"
    large = _spec("require('fs').writeFileSync('large', Buffer.alloc(3 << 20))", limits=Limits(file_mb=2))
    assert _over_a_waiting_one(sandbox, large).status in ("exit", "signal")
    loud = _spec("console.log('x'.repeat(5000))", limits=Limits(output_kb=1), judged_stdout=True)
    assert _over_a_waiting_one(sandbox, loud).status == "output_limit"


def test_each_serves_one_program_and_no_other(sandbox: Namespaced) -> None:
    leaves = _spec(
        "console.log(globalThis.left, require('fs').readdirSync('/tmp')); left = 1; require('fs').writeFileSync('/tmp/left', '')"
    )
    used: list[Waiting] = []
    for _ in range(3):
        used.append(_waits_for(sandbox, leaves))
        assert _over_a_waiting_one(sandbox, leaves).stdout == b"undefined []\n"
    _until(lambda: len(sandbox._ahead._shelf) == MOST)
    assert not set(map(id, used)) & set(map(id, sandbox._ahead._shelf))
    assert len({waiting.started.cage.pid for waiting in sandbox._ahead._shelf}) == MOST


@pytest.mark.parametrize("whole", [True, False], ids=["the sandbox", "the Node"])
def test_one_that_died_while_it_waited_costs_nobody_anything(sandbox: Namespaced, whole: bool) -> None:
    spec = _spec("console.log(3)")
    _waits_for(sandbox, spec)
    dead = [waiting for waiting in sandbox._ahead._shelf if waiting.kind is kind_of(spec)]
    for waiting in dead:
        with contextlib.suppress(ProcessLookupError):  # what starts a Node may be the last one, for a moment
            os.kill(descendants(waiting.started.cage.pid)[0 if whole else -1], signal.SIGKILL)
    assert sandbox.run(spec).stdout == b"3\n"
    assert dead[0] not in sandbox._ahead._shelf


def test_a_program_that_could_not_be_put_in_place_fails_as_it_does_in_a_cold_one(sandbox: Namespaced) -> None:
    spec = _spec("", files={"x": b"", "x/y": b""})
    _waits_for(sandbox, spec)
    with pytest.raises(AssayError, match="a folder too"):
        sandbox.run(spec)
    with pytest.raises(AssayError, match="no path"):
        sandbox.run(_spec("", files={"../x": b""}))


@pytest.mark.parametrize(
    "spec",
    [
        Spec(),
        Spec(mode="tests", language="javascript"),
        _spec("", network="loopback"),
        _spec("", command=("node", "main.js")),
        _spec("x" * (2 << 20)),
        _spec("x", limits=Limits(file_mb=0)),
        _spec("", argv=("\udc80",)),
        _spec("", argv=("\0",)),
    ],
    ids=["Python", "test code", "a server", "a command", "a large one", "no files", "no text", "a NUL"],
)
def test_what_would_start_otherwise_is_not_handed_over(spec: Spec) -> None:
    assert kind_of(spec) is None


def test_other_limits_and_other_ways_to_run_are_other_kinds() -> None:
    specs = [
        _spec(""), _spec("", mode="calls"), _spec("", stdin=b"x"), _spec("", collect=("*",)), _spec("", limits=Limits(memory_mb=64)),
        _spec("", limits=Limits(cpu_s=3)), _spec("", limits=Limits(processes=9)), Spec(language="javascript", main="other.js"),
    ]  # fmt: skip
    assert len({id(kind_of(spec)) for spec in specs}) == len(specs)
    assert kind_of(_spec("1", argv=("a",), label="a")) is kind_of(
        _spec("2", label="b", limits=Limits(wall_s=1, memory_mb=128))
    )


def test_closing_leaves_none_behind(tmp_path: Path) -> None:
    try:
        sandbox = Zygote(Settings(home=tmp_path))
        spec = _spec("console.log(1)")
        for _ in range(2):
            sandbox.run(spec)
    except SandboxUnavailable as error:
        pytest.skip(f"zygote does not work here: {error}")
    waiting = _waits_for(sandbox, spec)
    before = len(os.listdir("/proc/self/fd"))
    sandbox.close()
    assert sandbox._ahead._shelf == []
    assert sandbox._ahead._thread is None
    assert sandbox._cages == {}
    assert not Path(f"/proc/{waiting.started.cage.pid}").exists()
    assert len(os.listdir("/proc/self/fd")) < before


_HOST = """
import sys, time
from pathlib import Path
from assay.pipeline.sandbox.zygote import Zygote
from assay.records import Spec
from assay.settings import Settings

sandbox = Zygote(Settings(home=Path(sys.argv[1])))
for _ in range(2):
    sandbox.run(Spec(language="javascript", main="main.js", files={"main.js": b""}))
while not sandbox._ahead._shelf:
    time.sleep(0.01)
print(*(waiting.started.cage.pid for waiting in sandbox._ahead._shelf), flush=True)
time.sleep(60)
"""


def test_when_the_host_is_killed_no_waiting_one_stays(tmp_path: Path) -> None:
    host = subprocess.Popen([sys.executable, "-c", _HOST, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with host:
        assert host.stdout is not None
        cages = [int(pid) for pid in host.stdout.readline().split()]
        inside = [pid for cage in cages for pid in descendants(cage)]
        host.kill()
    if not cages:
        pytest.skip("zygote does not work here")
    assert len(inside) >= 3 * len(cages)
    _until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in inside))
