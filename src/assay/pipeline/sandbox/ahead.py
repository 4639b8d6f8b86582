"""Nodes started before anybody asks: each waits, whole in its sandbox, for one program, serves it, and is used no more.

Used only where it is what would have been started: the same limits, mode, name of the main file, no network. What
differs is handed over: files, arguments, stdin. How much CPU time it took to start counts for the program, as it does for
one that starts cold; how long it waited does not.
"""

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from assay.errors import AssayError
from assay.pipeline.sandbox.parcel import command_of, empty_stdin, fill_stdin, no_stdin, pieces
from assay.pipeline.sandbox.started import Started
from assay.records import Limits, Spec

MOST = 4
"""Nodes that wait at once. Each holds some 20 MB, its sandbox among them."""
_REMEMBERED = 8  # programs asked for last: what two of them wanted is worth having ready
_LARGEST = 1 << 20  # bytes of a program that is handed over
_TAKES_S = 10.0  # for a Node that is still starting; on an idle machine it takes 0.05
_KEPT_S = 600.0  # without a program to run they are let go
_STARTS_MS = 30_000
_WAITING, _TOOK = b"w", b"g"


class Waiting:
    """One Node, started for a kind of program."""

    def __init__(self, kind: Spec, started: Started, stdin: int) -> None:
        self.kind, self.started = kind, started
        self._stdin = stdin

    def lives(self) -> bool:
        """Whether it waits, or is about to."""
        return self.started.untouched()

    def hand_over(self, packet: bytes, stdin: bytes) -> bool:
        """Give it its program, for good. False: it died or is stuck, and nothing of the program has run."""
        channel = self.started.channel
        assert channel is not None
        channel.settimeout(_TAKES_S)
        try:
            if stdin:
                fill_stdin(self._stdin, stdin)
            if channel.recv(1) != _WAITING:
                return False
            channel.sendall(packet)
            return channel.recv(1) == _TOOK
        except OSError:
            return False
        finally:
            self.close()

    def ready(self) -> int:
        """A descriptor of its own that can be read when the Node waits, or is dead."""
        assert self.started.channel is not None
        return os.dup(self.started.channel.fileno())

    def close(self) -> None:
        """Give back what we hold besides `started`."""
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1


class Ahead:
    """The Nodes that wait, and the thread that starts them. Safe to use from several threads.

    `launch` starts a Node for a kind of program with a stdin. `end` takes one back: whether it was still untouched.
    `busy` says whether the processors have enough to do already.
    """

    def __init__(
        self,
        launch: Callable[[Spec, int], Started],
        end: Callable[[Started, bool], None],
        busy: Callable[[], bool],
    ) -> None:
        self._launch, self._end, self._busy = launch, end, busy
        self._asked: deque[Spec] = deque(maxlen=_REMEMBERED)
        self._shelf: list[Waiting] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._news = False
        self._closed = False

    def take(self, spec: Spec) -> Started | None:
        """A Node that has taken the program and runs it from now on; None: start it as any other."""
        kind = kind_of(spec)
        if kind is None:
            return None
        packet = _packet(spec) if self._shelf else b""  # raises what a cold start would raise
        waiting = self._pick(kind) if packet else None
        self._ask_for(kind)
        if waiting is None:
            return None
        if waiting.hand_over(packet, spec.stdin):
            return waiting.started
        self._end(waiting.started, False)
        return None

    def ended(self) -> None:
        """A program ended: there may be room for a start."""
        if self._thread is not None:
            with self._changed:
                self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify()
        self._let_go()
        if thread is not None:
            thread.join()
        self._let_go()

    def _pick(self, kind: Spec) -> Waiting | None:
        """The oldest that suits, for that one is ready first. What died while it waited is cleared away."""
        while True:
            with self._changed:
                found = next((waiting for waiting in self._shelf if waiting.kind == kind), None)
                if found is None:
                    return None
                self._shelf.remove(found)
            if found.lives():
                return found
            found.close()
            self._end(found.started, False)

    def _ask_for(self, kind: Spec) -> None:
        with self._changed:
            self._asked.append(kind)
            self._news = True
            if self._thread is None and not self._closed and self._missing() is not None:
                self._thread = threading.Thread(target=self._keep, name="assay-sandbox-ahead", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _missing(self) -> Spec | None:
        """The kind that one should be started for next: the last programs asked for, where they were no exceptions.

        One with the second program, two with the third: their sandboxes have to be started too, the first time.
        """
        most = min(MOST, len(self._asked) - 1)
        wanted = [kind for kind in reversed(self._asked) if self._asked.count(kind) > 1][:most]
        there = [waiting.kind for waiting in self._shelf]
        for kind in wanted:
            if kind not in there:
                return kind
            there.remove(kind)
        return None

    def _keep(self) -> None:
        """Start one after the other beside the programs that run, until nobody has asked for a while."""
        try:
            while (kind := self._next()) is not None:
                self._add(kind)
        except (AssayError, OSError):  # whoever needs one next is told why
            pass
        finally:
            with self._changed:
                self._thread = None
            if self._closed:
                self._let_go()

    def _next(self) -> Spec | None:
        """Waits until one is missing and may be started; None: no more."""
        while True:
            with self._changed:
                if self._closed:
                    return None
                kind = self._missing()
                if kind is not None and not self._busy():
                    return kind
                if not self._changed.wait(_KEPT_S) and not self._news:
                    break
                self._news = False
        self._let_go()
        return None

    def _add(self, kind: Spec) -> None:
        surplus = None
        with self._changed:
            if len(self._shelf) >= MOST:
                wanted = [*self._asked]
                surplus = min(self._shelf, key=lambda waiting: wanted.count(waiting.kind))
                self._shelf.remove(surplus)
        if surplus is not None:
            self._give_back(surplus)
        stdin = empty_stdin() if kind.stdin else no_stdin()
        try:
            waiting = Waiting(kind, self._launch(kind, stdin), stdin)
        except BaseException:
            os.close(stdin)
            raise
        ready = waiting.ready()
        with self._changed:
            self._shelf.append(waiting)
        try:
            sign = select.poll()
            sign.register(ready, select.POLLIN)
            sign.poll(_STARTS_MS)
        finally:
            os.close(ready)

    def _let_go(self) -> None:
        with self._changed:
            shelf, self._shelf = self._shelf, []
        for waiting in shelf:
            self._give_back(waiting)

    def _give_back(self, waiting: Waiting) -> None:
        waiting.close()
        self._end(waiting.started, waiting.lives())


def kind_of(spec: Spec) -> Spec | None:
    """What must be known of the program when its Node starts, as a Spec without a program; None: it has to start cold."""
    limits = spec.limits
    if spec.language != "javascript" or spec.command is not None or spec.network != "none" or spec.mode == "tests":
        return None
    if sum(map(len, spec.files.values())) > min(_LARGEST, limits.file_mb << 20):
        return None
    try:
        names = "".join([*spec.files, *spec.argv]).encode()
    except UnicodeEncodeError:  # what no JavaScript string becomes a name of
        return None
    if b"\0" in names:
        return None
    kept_outside = {"wall_s": 1, "output_kb": 1}  # by the host, from the hand-over on
    limits = limits.model_copy(update=kept_outside)
    return _kind(spec.mode, spec.main, bool(spec.stdin), bool(spec.collect), limits)


@lru_cache(maxsize=64)
def _kind(mode: Literal["program", "calls"], main: str, reads: bool, collects: bool, limits: Limits) -> Spec:
    """The same object for the same things, which makes kinds quick to compare."""
    return Spec(
        language="javascript",
        main=main,
        mode=mode,
        stdin=b"-" if reads else b"",
        collect=("*",) if collects else (),
        limits=limits,
    )


def waiting_command(kind: Spec, node: str | None, driver: str, waiting: str) -> list[str] | None:
    """The command line of a Node that waits for such a program."""
    command = command_of(kind, node, driver)
    assert command is not None
    if kind.mode == "program":
        return [*command[:-1], "-r", waiting, command[-1]]
    return [*command, "--waits"]


def _packet(spec: Spec) -> bytes:
    told = b"".join(pieces(spec, None))
    return b"%08x" % len(told) + told
