"""Threads that run one program after the other, and which processors their programs run on.

Grading is many short turns taken by few processes: host, zygote, program, test code. One waits while another works, and
the kernel wakes each on whichever processor idles: cold caches, and a call from processor to processor, for every turn.
Where workers keep all processors busy anyway, each keeps its programs on one of its own.
"""

import itertools
import os
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_BEGUN = 3  # items begun, for each worker: enough that none waits for us
_mine = threading.local()
_numbers = itertools.count()


def as_done(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Generator[Result, None, None]:
    """What `work` makes of each item, as they are done, by `workers` threads at once. Raises what it raises.

    `items` are taken here, a few ahead. Closed before its end it waits for those that run, and begins no other.
    """
    # A queue: `concurrent.futures.wait` would take the lock of all that are begun for each one that is done.
    done: SimpleQueue[Future[Result]] = SimpleQueue()
    begun = 0
    pool = ThreadPoolExecutor(workers, thread_name_prefix="assay-worker", initializer=_keep_to_one, initargs=(workers,))
    try:
        more = iter(items)
        while True:
            for item in more:
                pool.submit(work, item).add_done_callback(done.put)
                begun += 1
                if begun >= _BEGUN * workers:
                    break
            if not begun:
                return
            result = done.get().result()
            begun -= 1
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def processor() -> int | None:
    """The one that the programs of this thread are to run on; None: any."""
    return getattr(_mine, "processor", None)


def _keep_to_one(workers: int) -> None:
    """Let the programs of this thread share one processor, if it is one of at least as many workers as there are.

    With fewer workers the kernel chooses: one of them could sit on a processor that somebody else keeps busy.
    """
    there = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if 0 < len(there) <= workers:
        _mine.processor = there[next(_numbers) % len(there)]
