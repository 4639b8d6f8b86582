"""Start runs as processes of their own, from a page: each is the command, and goes on when the page or the server ends.

What a page asks for becomes `assay bench run …` in a session of its own, with nothing on its input and its words in
`ASSAY_HOME/logs/RUN.log` (mode 600). No secret is in its arguments: keys come from the environment that the server
was started in. A process started so holds one of AT_ONCE locks until it ends, however it ends: that is how any server,
this one or the next, knows what is at work, without trusting process numbers.

Not covered: a server that is stopped together with everything it started (a container, a systemd unit with its
default KillMode) takes the runs with it. They can then be continued, like any run that was killed.
"""

import contextlib
import fcntl
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from assay.bench import evaluations
from assay.bench.records import Evaluation
from assay.errors import AssayError
from assay.records import Record
from assay.settings import Settings
from assay.store import Store
from assay.visible import visible
from assay.workflows import is_alive

RECORDINGS = ("sample-strong", "sample-weak")
_RECORDINGS = Path(__file__).parent / "recordings"
AT_ONCE = 3
"""Runs started from pages that may be at work at a time on one data folder."""
SOON_S = 8.0
"""How long whoever presses the button waits for word of the process."""
_LOGS_KEPT = 200
_TAIL = 8192
_SAID = 2000  # characters of a process's last words that a page shows
_YOUNG_S = 60.0
"""How long a run that no process has taken up yet may still be on its way."""

Phase = Literal["starting", "running", "stopping", "dead", "paused", "failed", "done"]
"""How a run stands. dead: it says it runs, but the process that did is gone."""
MOVING: tuple[Phase, ...] = ("starting", "running", "stopping")


class Order(Record):
    """A run as a page asks for it."""

    suites: tuple[str, ...]
    models: tuple[str, ...] = ()
    """As `--model` takes them."""
    recordings: tuple[str, ...] = ()
    """Names of recordings that ship with Assay: they answer for nothing."""
    samples: int = 1
    limit: int | None = None
    repair: int = 0
    temperature: float | None = None
    max_tokens: int | None = None

    @property
    def command(self) -> str:
        """What to type in a terminal for the same run."""
        return shlex.join(["assay", *self.arguments])

    @property
    def arguments(self) -> list[str]:
        """What stands behind `assay`. A name cannot become an option: each stands behind its own `=`."""
        options: dict[str, float | None] = {
            "samples": self.samples,
            "limit": self.limit,
            "repair": self.repair or None,
            "temperature": self.temperature,
            "max-tokens": self.max_tokens,
        }
        said = [f"--model={name}" for name in self.models]
        if self.recordings:
            # all of them are their folder; --config takes one folder or one file
            file = f"{self.recordings[0]}.yaml" if len(self.recordings) == 1 else ""
            said.append(f"--config={_RECORDINGS / file}")
        said += [f"--{name}={value}" for name, value in options.items() if value is not None]
        return ["bench", "run", *self.suites, *said]


class TooMany(AssayError):
    """As many runs as a page may start are at work."""


class Ended(AssayError):
    """The process ended before the run began; the message is what it said."""


class AtWork(AssayError):
    """A process is on this run already."""


class Starter:
    """Starts, continues and stops runs on one data folder. Safe to use from several threads and several servers."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._folder = settings.home / "logs"

    # ---- what pages call -------------------------------------------------------------------------------------------

    def start(self, order: Order, wait_s: float = SOON_S) -> str:
        """Start a run and give its id: at once when it is there, after `wait_s` when it is still on its way.

        Raises TooMany, and Ended with the process's own words where it came to nothing.
        """
        identifier = evaluations.new_id()
        process = self._launch(identifier, [*order.arguments, f"--id={identifier}"], order)
        end = time.monotonic() + wait_s
        while True:
            ended = process.poll() is not None  # asked first: a run that ended has left its row before
            if self._exists(identifier):
                return identifier
            if ended:
                raise Ended(*self._last_words(identifier))
            if time.monotonic() > end:
                return identifier
            time.sleep(0.05)

    def go_on(self, evaluation: Evaluation, wait_s: float = SOON_S) -> None:
        """Start a process that goes on with a run that has stopped. Raises as `start` does, and AtWork."""
        if self.phase(evaluation) in MOVING:
            raise AtWork(f"Run {evaluation.id} is at work.", "Nothing needs to be done.")
        if evaluation.state == "done":
            raise AtWork(f"Run {evaluation.id} is done.", "There is nothing left to go on with.")
        end = time.monotonic() + wait_s
        while self.is_at_work(evaluation.id) and time.monotonic() < end:
            # A process says that the run has stopped a moment before it ends itself. (Or somebody was quicker than we.)
            if self.phase(evaluations.read_evaluation(self._store, evaluation.id)) in MOVING:
                break
            time.sleep(0.05)
        process = self._launch(evaluation.id, ["bench", "resume", evaluation.id], None)
        evaluations.set_state(self._store, evaluation.id, "running")
        while time.monotonic() < end:
            if process.poll() is not None:
                now = evaluations.read_evaluation(self._store, evaluation.id)
                if now.executor == evaluation.executor and now.state == "running":
                    evaluations.set_state(self._store, evaluation.id, _stood(evaluation), evaluation.note)
                    raise Ended(*self._last_words(evaluation.id))
                return
            if evaluations.read_evaluation(self._store, evaluation.id).executor != evaluation.executor:
                return
            time.sleep(0.05)

    def stop(self, evaluation: Evaluation) -> None:
        """Ask a run's process to stop, wherever it is; what is done stays. One whose process is gone is paused."""
        phase = self.phase(evaluation)
        if phase == "starting":
            self._interrupt(evaluation.id)
        if phase in ("starting", "dead"):
            evaluations.set_state(self._store, evaluation.id, "paused", "stopped by the user")
        elif phase == "running":
            evaluations.ask_to_stop(self._store, evaluation.id)

    def phase(self, evaluation: Evaluation) -> Phase:
        """How it stands now. In doubt for some seconds, a process that is gone is taken to be there."""
        if evaluation.state != "running":
            return evaluation.state
        if evaluation.executor and is_alive(self._store, evaluation.executor):
            return "stopping" if evaluation.note == evaluations.ASKED_TO_STOP else "running"
        if self.is_at_work(evaluation.id):
            return "starting"
        young = (datetime.now(UTC) - evaluation.created).total_seconds() < _YOUNG_S
        return "starting" if young and not evaluation.executor else "dead"

    def last_words(self, identifier: str) -> str:
        """Why the last process that a page started for this run ended, if it said so; "" otherwise."""
        if not _is_id(identifier) or not (self._folder / f"{identifier}.log").exists():
            return ""
        words = " ".join(self._last_words(identifier)).strip()
        return words if words != _NOTHING_SAID else ""

    def order(self, identifier: str) -> Order | None:
        """What a page asked for under this id; None: nothing, or long ago."""
        if not _is_id(identifier):
            return None
        try:
            return Order.model_validate_json((self._folder / f"{identifier}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def log(self, identifier: str) -> Path | None:
        """Where the processes of a run wrote what they said, if a page started one."""
        path = self._folder / f"{identifier}.log"
        return path if _is_id(identifier) and path.exists() else None

    # ---- processes -------------------------------------------------------------------------------------------------

    def _launch(self, identifier: str, arguments: Sequence[str], order: Order | None) -> "subprocess.Popen[bytes]":
        slot = self._take_slot(identifier)
        try:
            self._clear()
            if order is not None:
                _write(self._folder / f"{identifier}.json", order.model_dump_json())
            log = os.open(
                self._folder / f"{identifier}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
            try:
                shown = " ".join(visible(part) for part in arguments)
                os.write(log, f"--- {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: assay {shown}\n".encode())
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "assay", *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self._settings.home,
                    env=self._environment(),
                    start_new_session=True,
                    pass_fds=(slot,),
                )
            finally:
                os.close(log)
            os.pwrite(slot, f"{identifier}\n{process.pid}\n".encode(), 0)
        finally:
            os.close(slot)
        threading.Thread(target=process.wait, name="assay-run", daemon=True).start()  # or it would stay a zombie
        return process

    def _environment(self) -> dict[str, str]:
        """Ours, with the settings that this server runs by, wherever it had them from."""
        settings = self._settings
        said = {
            "ASSAY_HOME": str(settings.home),
            "ASSAY_DATABASE_URL": settings.database_url,
            "ASSAY_SANDBOX": settings.sandbox,
            "ASSAY_SANDBOX_PYTHON": settings.sandbox_python,
            "ASSAY_SANDBOX_PACKAGES": settings.sandbox_packages and str(settings.sandbox_packages),
            "ASSAY_DOCKER_IMAGE": settings.docker_image,
            "ASSAY_DOCKER_RUNTIME": settings.docker_runtime,
            "ASSAY_WORKERS": str(settings.workers),
        }
        return {**os.environ, **{name: value for name, value in said.items() if value}}

    def _interrupt(self, identifier: str) -> None:
        with self._all_slots() as slots:
            pid = next((pid for name, pid in slots if name == identifier), None)
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)

    # ---- the locks that processes hold -----------------------------------------------------------------------------

    def _take_slot(self, identifier: str) -> int:
        """A lock that the process is to inherit: the descriptor. Raises TooMany, AtWork."""
        with self._all_slots() as taken:
            if any(name == identifier for name, _ in taken):
                raise AtWork(f"A process is at work on run {identifier}.", "Wait for it, or stop it.")
            if len(taken) >= AT_ONCE:
                raise TooMany(
                    f"{len(taken)} runs that were started from this page are at work, and {AT_ONCE} is the most at a time.",
                    "Wait for one to end or stop it, or start this one in a terminal.",
                )
            for number in range(AT_ONCE):
                slot = self._open_slot(number)
                if _try_lock(slot):
                    os.ftruncate(slot, 0)
                    os.pwrite(slot, f"{identifier}\n0\n".encode(), 0)
                    return slot
                os.close(slot)
        raise TooMany(f"{AT_ONCE} runs that were started from this page are at work.", "Wait for one to end.")

    def is_at_work(self, identifier: str) -> bool:
        """Whether a process that a page started is on this run."""
        with self._all_slots() as slots:
            return any(name == identifier for name, _ in slots)

    def at_work(self) -> list[str]:
        """The runs that processes started from pages are on."""
        with self._all_slots() as slots:
            return [name for name, _ in slots]

    @contextlib.contextmanager
    def _all_slots(self) -> Iterator[list[tuple[str, int]]]:
        """Who holds the locks (run, process), while nobody else takes one."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole = os.open(self._folder / "slots.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(whole, fcntl.LOCK_EX)
            held = []
            for number in range(AT_ONCE):
                slot = self._open_slot(number)
                try:
                    if not _try_lock(slot):
                        name, _, pid = os.pread(slot, 200, 0).decode("ascii", "replace").partition("\n")
                        held.append((name, int(pid) if pid.strip().isdecimal() else 0))
                finally:
                    os.close(slot)
            yield held
        finally:
            os.close(whole)

    def _open_slot(self, number: int) -> int:
        return os.open(self._folder / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    # ---- what is kept in the folder --------------------------------------------------------------------------------

    def _exists(self, identifier: str) -> bool:
        return evaluations.is_there(self._store, identifier)

    def _last_words(self, identifier: str) -> tuple[str, str]:
        try:
            with (self._folder / f"{identifier}.log").open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return _NOTHING_SAID, ""
        return understood(text)

    def _clear(self) -> None:
        """Forget the oldest logs: a run's results are in the database, and its log is for looking at once."""
        logs = sorted(self._folder.glob("*.log"), key=lambda path: path.name)
        for path in logs[:-_LOGS_KEPT]:
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)


_NOTHING_SAID = "The process ended without saying why."


def understood(log: str) -> tuple[str, str]:
    """What is wrong and what to do, from the last words of a command."""
    last = log.rpartition("\n--- ")[2]
    if "Traceback (most recent call last)" in last:
        line = last.strip().splitlines()[-1]
        return f"Assay itself failed: {line[:_SAID]}", "This is a fault of ours; the log has all of it."
    if (at := max(last.rfind("\nError: "), 0 if last.startswith("Error: ") else -1)) >= 0:
        message, _, help_ = last[at:].strip().removeprefix("Error: ").partition("\n")
        return message[:_SAID], help_.strip()[:_SAID]
    return _NOTHING_SAID, ""


def _stood(evaluation: Evaluation) -> Literal["paused", "failed"]:
    return "failed" if evaluation.state == "failed" else "paused"


def _is_id(text: str) -> bool:
    """Whether it could be one of our ids, and so a file's name."""
    return len(text) <= 40 and text.replace("-", "").isalnum() and text.isascii()


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
