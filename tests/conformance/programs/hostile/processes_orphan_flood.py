# Makes orphans far beyond its number of processes: those that ended must not count for ever, those that live go with it.
# needs: 2
# limits: processes=24 wall_s=20 cpu_s=10
# collect: *
# files: *
import os
from kit import *

for number in range(120):
    end = time.monotonic() + 5
    while (middle := tried(os.fork)) is None and time.monotonic() < end:
        time.sleep(0.01)
    if middle is None:
        broke(f"{number} orphans that have ended still count")
        break
    if middle == 0:
        tried(os.fork)
        os._exit(0)
    os.waitpid(middle, 0)
# Whoever runs on is dead before anything is brought out.
for _ in range(4):
    if tried(os.fork) == 0:
        os.setsid()
        if tried(os.fork) != 0:
            os._exit(0)
        while True:
            for name in ("main.py", "kit.py"):
                tried(os.rename, name, "moved")
                tried(os.rename, "moved", name)
time.sleep(0.05)
held()
