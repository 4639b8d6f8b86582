# Takes the rights to pseudo-terminals away, for itself and whoever comes next.
from kit import *

for path in ("/dev/pts/ptmx", "/dev/ptmx", "/dev/pts", "/dev/shm", "/dev/null", "/dev/urandom", "/dev"):
    if path != "/dev/null" or os.getuid() == 0:
        tried(os.chmod, path, 0o440) if path.startswith(("/dev/pt", "/dev/shm")) and os.getpid() < 50 else None
held()
