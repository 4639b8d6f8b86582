# Never stays in one process: each forks the next and ends, so that whoever kills by number comes too late.
# needs: 0
# limits: processes=16 wall_s=6
import os, signal
from kit import *

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    end = time.monotonic() + 15
    os.setsid()
    os.closerange(0, 256)
    while time.monotonic() < end:
        try:
            if os.fork() != 0:
                os._exit(0)
        except OSError:
            pass
    os._exit(0)
time.sleep(0.3)
held()
