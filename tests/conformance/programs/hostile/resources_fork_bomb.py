# Forks as often as it can (600 times at most), all of them waiting.
# needs: 0
# limits: processes=32 wall_s=10
import os, signal
from kit import *

read_end, write_end = os.pipe()
alive = []
for _ in range(600):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        os.close(write_end)
        os.read(read_end, 1)  # until the first one ends
        os._exit(0)
    alive.append(pid)
if len(alive) > 33:
    broke(f"{len(alive)} processes at once")
held()
