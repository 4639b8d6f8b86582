# Computes only in children that end before anybody looks, and whose time nobody waits for.
# needs: 3
# status: cpu
# limits: cpu_s=1 wall_s=9 processes=16
import os, signal
from kit import *

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
read_end, write_end = os.pipe()
used = 0
while used < 100:
    if os.fork() == 0:
        if os.fork() == 0:
            end = time.process_time() + 0.03
            while time.process_time() < end:
                pass
            os.write(write_end, b"x")
        os._exit(0)
    os.read(read_end, 1)
    used += 1
    if used == 80:
        broke("2.4 seconds of CPU in short-lived children were not seen")
held()
