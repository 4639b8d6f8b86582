# Sets its output to non-blocking, which whoever shares the description would notice, and shrinks and seals its pipes.
# needs: 0
import fcntl, os
from kit import *

for fd in range(3):
    tried(fcntl.fcntl, fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND | os.O_ASYNC)
    tried(fcntl.fcntl, fd, 1031, 4096)
    tried(fcntl.fcntl, fd, fcntl.F_SETOWN, os.getppid())
    tried(fcntl.fcntl, fd, 10, 9)  # F_SETSIG: SIGKILL
    tried(fcntl.flock, fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
for _ in range(200):
    try:
        os.write(1, b"x" * 1000 + b"\n")
    except BlockingIOError:
        time.sleep(0.001)
time.sleep(0.1)
for fd in range(3):
    os.set_blocking(fd, True)
held()
