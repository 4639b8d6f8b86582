"""What is bwrap's own: sandboxes that were started before anybody asked."""

import select
import signal
import threading
from pathlib import Path

from assay.pipeline.sandbox.bwrap import Bwrap
from assay.records import Spec
from tests.pipeline.sandbox.conftest import wait_for_spares


def _spec(source: str) -> Spec:
    return Spec(files={"main.py": source.encode()})


def test_from_the_second_program_on_sandboxes_wait_started(bwrap: Bwrap) -> None:
    for _ in range(3):
        assert bwrap.run(_spec("print(1)")).stdout == b"1\n"
    wait_for_spares(bwrap)
    waiting = {cage.pid for cage, _ in bwrap._idle}
    assert len(waiting) == Bwrap.spares
    with bwrap.open(_spec("print(2)")) as running:
        assert bwrap.cage_of(running).pid in waiting
        assert running.finish().stdout == b"2\n"


def test_no_sandbox_is_used_twice(bwrap: Bwrap) -> None:
    for _ in range(4):
        with bwrap.open(_spec("import os; open('/tmp/left', 'x'); print(os.listdir('/tmp'))")) as running:
            cage = bwrap.cage_of(running)
            assert running.finish().stdout == b"['left']\n"
        wait_for_spares(bwrap)
        assert cage.runs == 1
        assert cage not in [waiting for waiting, _ in bwrap._idle]


def test_one_that_died_while_it_waited_costs_nobody_anything(bwrap: Bwrap) -> None:
    bwrap.run(_spec("pass"))
    bwrap.run(_spec("pass"))
    wait_for_spares(bwrap)
    for cage, _ in bwrap._idle:
        signal.pidfd_send_signal(cage.pidfd, signal.SIGKILL)
        assert select.select([cage.pidfd], [], [], 10)[0]
    assert bwrap.run(_spec("print(3)")).stdout == b"3\n"


def test_closing_leaves_none_behind(bwrap: Bwrap) -> None:
    bwrap.run(_spec("pass"))
    threads = [threading.Thread(target=bwrap.run, args=(_spec("pass"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waiting = [cage for cage, _ in bwrap._idle]
    bwrap.close()
    assert not any(Path(f"/proc/{cage.pid}").exists() for cage in waiting)
    assert bwrap._idle == []
    assert bwrap._cages == {}
