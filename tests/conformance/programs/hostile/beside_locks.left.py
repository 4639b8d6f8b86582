# Two programs at once: they signal by locks on files that both can read. Files that programs share cannot be without locks.
# needs: 4
# limits: wall_s=6
import fcntl, os
from kit import *

fds = [tried(os.open, path, os.O_RDONLY) for path in (sys.executable, os.__file__, "/usr/bin/env", "/dev/null")]
for fd in fds:
    if fd is not None:
        tried(fcntl.flock, fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
time.sleep(1.2)
held()
