# Makes siblings, which are children of whoever watches it, with ends of their own: 0, 9, a signal; then fails by itself.
# needs: 0
# status: exit
import os, signal
from kit import *

for code in (0, 0, 9, -9, 0):
    for flags in (0x8000 | 17, 0x8000, 0x8000 | 10):  # CLONE_PARENT, with SIGCHLD, nothing and SIGUSR1 for an end
        got = syscall("clone", flags, 0, 0, 0, 0)[0]
        if got == 0:
            if code < 0:
                os.kill(os.getpid(), -code)
            os._exit(code)
time.sleep(0.1)
held()
os._exit(6)
