"""Hostile programs in a sandbox whose Node waited for them: held as they are where everything starts for them."""

import secrets
import time
from collections.abc import Iterator

import pytest

from assay.pipeline.sandbox.ahead import kind_of
from assay.pipeline.sandbox.namespaced import Namespaced
from assay.records import Spec
from tests.conformance.backends import LONG, opened
from tests.conformance.test_hostile import KIT, Bait, Hostile, _faults, _lasting_survivors, _programs

_AS_NODE = b"""
const { spawnSync } = require('child_process')
const done = spawnSync(process.argv[2], ['-S', '-B', 'main.py', process.argv[3]], { stdio: 'inherit' })
if (done.signal) process.kill(process.pid, done.signal)
process.exitCode = done.status ?? 1
"""
"""Node does what the program has it do: run one of our hostile programs, which are written in Python, in its place."""

_OTHERWISE = {
    "processes_kill": "Node, its parent, is its own too, and so are Node's threads",
    "secrets_memory_of_others": "Node, its parent, is its own too",
    "secrets_proc_root": "Node, its parent, is its own too",
    "output_nonblocking": "Node is killed as it tells",
}
"""What finds one process more, whether that one waited or not."""

_SHORT = (
    "kernel_filter_holes",
    "kernel_privileges",
    "network_host_loopback",
    "secrets_stdio_reopened",
    "processes_survivor",
)


def _chosen() -> list[Hostile]:
    alone = [one for one in _programs() if len(one.paths) == 1 and not one.collect and one.name not in _OTHERWISE]
    return alone if LONG else [one for one in alone if one.name in _SHORT]


@pytest.fixture(scope="module", params=["zygote", "bwrap"] if LONG else ["zygote"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Namespaced]:
    with opened(request.param, tmp_path_factory.mktemp("home")) as made:
        assert isinstance(made, Namespaced)
        yield made


@pytest.fixture(scope="module")
def bait() -> Iterator[Bait]:
    made = Bait()
    yield made
    made.close()


@pytest.mark.parametrize("program", _chosen(), ids=lambda program: program.name)
def test_a_hostile_program_is_held_where_a_node_waited_for_it(
    sandbox: Namespaced, bait: Bait, program: Hostile
) -> None:
    if sandbox.capabilities().level < program.needs:
        pytest.skip(f"needs level {program.needs}: nothing is promised here")
    mark = f"h{secrets.token_hex(6)}"
    files = {"main.js": _AS_NODE, "main.py": program.paths[0].read_bytes(), "kit.py": KIT}
    argv = (sandbox._runtime.python, bait.targets(mark))
    spec = Spec(language="javascript", main="main.js", files=files, argv=argv, limits=program.limits)
    kind = kind_of(spec)
    assert kind is not None
    for _ in range(2):
        sandbox._ahead._ask_for(kind)
    end = time.monotonic() + 20
    while not (there := [one for one in sandbox._ahead._shelf if one.kind is kind]):
        assert time.monotonic() < end, "no Node came to wait"
        time.sleep(0.01)
    start = time.monotonic()
    with sandbox.open(spec) as running:
        assert sandbox.cage_of(running) is there[0].started.cage
        run = running.finish()
    faults = _faults(program, run, time.monotonic() - start, ending=True)
    faults += [f"survived: {found}" for found in _lasting_survivors(mark)]
    faults += bait.harm()
    assert not faults, "\n".join(faults)
