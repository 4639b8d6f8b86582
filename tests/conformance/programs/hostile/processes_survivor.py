# Leaves a daemon: forked twice, in a session of its own, its files closed, deaf to every signal.
# needs: 0
import os, signal
from kit import *

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        os.closerange(0, 256)
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        time.sleep(60)
    os._exit(0)
os.wait()
held()
