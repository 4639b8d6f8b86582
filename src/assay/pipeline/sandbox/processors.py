"""Which processors the programs of a worker run on.

Grading is many short turns taken by few processes: host, zygote, program, test code. One waits while another works, and
the kernel wakes each on whichever processor idles: cold caches, and a call from processor to processor, for every turn.
Where workers keep all processors busy anyway, each keeps its programs on one of its own.
"""

import itertools
import os
import threading

_mine = threading.local()
_numbers = itertools.count()


def keep_to_one(workers: int) -> None:
    """Let all programs that this thread starts share one processor, if it is one of at least as many workers as there are.

    With fewer workers the kernel chooses: one of them could sit on a processor that somebody else keeps busy.
    """
    there = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if 0 < len(there) <= workers:
        _mine.processors = frozenset({there[next(_numbers) % len(there)]})


def of_this_thread() -> frozenset[int] | None:
    """What `keep_to_one` chose for the programs of this thread; None: any."""
    return getattr(_mine, "processors", None)
