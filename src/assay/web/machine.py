"""What was found on this machine, for the home page: looked at in the background, so that no page waits for it."""

import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

from assay import doctor
from assay.records import Record
from assay.settings import Settings
from assay.store import Store

SERVERS = frozenset({"ollama", "lmstudio", "vllm"})
"""The lines about model servers of this machine."""
_FRESH_S = 10
_SANDBOX_FRESH_S = 3600  # opening one starts processes; what a kernel allows does not change by itself


class Seen(Record):
    """What one look at the machine found."""

    at: datetime
    lines: tuple[doctor.Line, ...]


class Machine:
    """Looks again when the last look is more than ten seconds old, and never twice at once."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._pool = ThreadPoolExecutor(1, "assay-machine")
        self._lock = threading.Lock()
        self._looking: Future[Seen] | None = None
        self._seen: Seen | None = None
        self._seen_at = 0.0
        self._sandbox: tuple[doctor.Line, ...] = ()
        self._sandbox_at = 0.0

    def last(self) -> Seen | None:
        """What was seen last, however long ago, while a new look goes on behind; None: nothing yet."""
        self._look_again()
        return self._seen

    def look(self) -> Seen:
        """What there is now: at most ten seconds old. Waits for it."""
        looking = self._look_again()
        if looking is not None:
            return looking.result()
        assert self._seen is not None  # nothing is under way: it was seen, and lately
        return self._seen

    def close(self) -> None:
        """Look no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _look_again(self) -> "Future[Seen] | None":
        with self._lock:
            if self._looking is not None and not self._looking.done():
                return self._looking
            if self._seen is not None and time.monotonic() - self._seen_at < _FRESH_S:
                return None
            self._looking = self._pool.submit(self._see)
            return self._looking

    def _see(self) -> Seen:
        now = time.monotonic()
        if not self._sandbox or now - self._sandbox_at > _SANDBOX_FRESH_S:
            self._sandbox = tuple(doctor._guarded("sandbox", lambda: doctor.sandbox(self._settings)))
            self._sandbox_at = now
        seen = Seen(
            at=datetime.now(UTC),
            lines=(
                *doctor.local_servers(os.environ),
                *doctor.keys(os.environ),
                doctor.github(os.environ),
                *self._sandbox,
                doctor.Line(name="database", mark="ok", found=self._store.description),
                doctor.node(os.environ),
                doctor.browser(os.environ),
                doctor.data_folder(self._settings),
                doctor.traces(self._settings),
            ),
        )
        self._seen, self._seen_at = seen, time.monotonic()
        return seen
