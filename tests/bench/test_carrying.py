"""Durable work carried out: Ctrl-C is heard at the next look, never in the midst of something else; it ends as its parts did."""

import signal
from collections.abc import Iterator

import pytest

from assay import workflows
from assay.bench import carrying
from assay.bench.progress import Progress
from assay.store import Store
from assay.workflows import start_engine
from tests import counted_work as work

NOW = Progress(done=1, total=2)


@pytest.fixture(autouse=True)
def as_in_a_command() -> Iterator[None]:
    """Ctrl-C as Python has it at the start: other tests' libraries may have put their own handler there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_is_raised_by_the_next_look_and_nowhere_else() -> None:
    seen: list[Progress] = []
    with carrying.heard(seen.append) as look:
        look(NOW)
        signal.raise_signal(signal.SIGINT)
        seen.append(NOW)
        with pytest.raises(KeyboardInterrupt):
            look(NOW)
    assert len(seen) == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_waits_for_nothing() -> None:
    with carrying.heard(print):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_where_sigint_is_ignored_it_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    seen: list[Progress] = []
    with carrying.heard(seen.append) as look:
        signal.raise_signal(signal.SIGINT)
        look(NOW)
    assert seen == [NOW]
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_run_ends_as_its_batches_did(store: Store) -> None:
    work.prepare(store)
    with start_engine(store):
        ids = [
            workflows.start(work.echo, 1, id="good"),
            workflows.start(work.paused, "away", id="away"),
            workflows.start(work.paused, "away", id="away-too"),
            workflows.start(work.broken, "cheese", id="bad"),
        ]
        assert carrying.gather(ids[:1]) == ([], False)
        assert carrying.gather(ids[:3]) == (["away"], False)
        assert carrying.gather(ids) == (["away", "ValueError: cheese"], True)
    carrying.end_as("done", [])
    with pytest.raises(workflows.WorkPaused, match=r"^away$"):
        carrying.end_as("paused", ["away"])
    with pytest.raises(workflows.WorkFailed, match=r"^away ValueError: cheese$"):
        carrying.end_as("failed", ["away", "ValueError: cheese"])
