# Forks without pause, each child gone at once: numbers and kernel time are what it eats.
# needs: 0
# status: ok, cpu, timeout
# limits: processes=16 wall_s=3 cpu_s=2
import os, signal, time
from kit import *

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
end = time.monotonic() + 2.5
while time.monotonic() < end:
    try:
        if os.fork() == 0:
            os._exit(0)
    except OSError:
        pass
held()
