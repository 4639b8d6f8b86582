# Waits where no handler runs: in a vfork whose child never goes on, stopped, with every signal blocked.
# needs: 0
# status: timeout
# limits: wall_s=1
import ctypes, signal
from kit import *

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
if syscall("clone", 0x4000 | 17, 0, 0, 0, 0)[0] == 0:  # CLONE_VFORK
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(30)
    os._exit(0)
time.sleep(30)
broke("waited to the end")
