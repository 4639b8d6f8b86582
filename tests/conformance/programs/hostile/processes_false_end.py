# Wants its failure to look like an end: exits by a signal it sends itself while a child goes on with its output.
# needs: 0
# status: signal
import os, signal
from kit import *

if os.fork() == 0:
    os.setsid()
    os.write(1, b"all is well\n")
    time.sleep(30)
    os._exit(0)
held()
os.kill(os.getpid(), signal.SIGKILL)
