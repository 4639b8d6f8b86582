# Leaves a mark in the times, modes and attributes of files that all programs share.
# needs: 2
from kit import *

for path in ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts", "/dev/shm", "/usr/bin/env", "/usr", "/etc/passwd", "/proc", os.__file__, sys.executable):
    tried(os.utime, path)
    tried(os.utime, path, (86400, 86400))
    tried(os.setxattr, path, "user.left", b"1")
    tried(os.chmod, path, 0o777)
held()
