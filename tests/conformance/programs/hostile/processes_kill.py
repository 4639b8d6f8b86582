# Sends signals to everything it can reach: first by number with signal 0, then in earnest where only its own family is in reach.
# status: ok, signal, timeout
# limits: wall_s=3
import os, signal
from kit import *

reached = []
for pid in {*others(), *range(1, 3000), *range(TARGETS["grader"] - 50, TARGETS["victim"] + 50)} - {os.getpid(), 1}:
    if did(os.kill, pid, 0):
        reached.append(pid)
if reached:
    broke(f"could have killed {reached[:10]}")
elif did(os.kill, 1, 0) and os.getpid() > 50:
    broke("could have killed the host's init")
elif os.getpid() < 50 or did(os.kill, -1, 0) is False:
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        if os.fork() == 0:  # a sibling to hit besides
            time.sleep(5)
            os._exit(0)
        tried(os.kill, 1, number)
        if os.fork() == 0:
            for other in (1, 0x7FFFFFFF):
                tried(os.kill, -other, number)
            os._exit(0)
        time.sleep(0.02)
held()
