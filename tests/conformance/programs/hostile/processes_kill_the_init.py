# Sends its init every signal that there is, by kill, by thread, by queue and by process descriptor.
# needs: 2
import ctypes, os, signal
from kit import *

if os.getppid() in (0, 1) and 1 < os.getpid() < 50:
    pidfd, _ = syscall("pidfd_open", 1, 0)
    for number in range(1, 65):
        tried(os.kill, 1, number)
        LIBC.sigqueue(1, number, None)
        if pidfd >= 0:
            syscall("pidfd_send_signal", pidfd, number, 0, 0)
time.sleep(0.1)
held()
