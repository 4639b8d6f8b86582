# Stops its whole group and session, itself among them.
# needs: 0
# status: timeout
# limits: wall_s=1
import os, signal
from kit import *

if os.getpgid(0) == os.getpid():
    os.fork()
    os.kill(0, signal.SIGSTOP)
os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(10)
