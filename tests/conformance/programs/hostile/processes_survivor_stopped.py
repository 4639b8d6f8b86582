# Leaves stopped processes, and stopped ones in vfork, which wait for a signal that never comes.
# needs: 0
import os, signal
from kit import *

for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            syscall("clone", 0x4000 | 17, 0, 0, 0, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(60)
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
time.sleep(0.1)
held()
