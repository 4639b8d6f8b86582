"""Bare loops that only compute, in processes of their own: what the machine's processors give together.

A command `loop TURNS PROCESSES` is done when each process has taken its turns.
"""

import os

from rounds import serve

_STEPS = 20_000


def turns(count):
    """Some millisecond each."""
    number = 1
    for step in range(_STEPS * count):
        number = (number * 3 + step) % 65_521
    return number


def do(command):
    _, count, processes = command.split()
    started = []
    for _ in range(int(processes)):
        pid = os.fork()
        if pid == 0:
            turns(int(count))
            os._exit(0)
        started.append(pid)
    failed = [pid for pid in started if os.waitpid(pid, 0)[1]]
    return {"failed": len(failed)}


serve(do)
