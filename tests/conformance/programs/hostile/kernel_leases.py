# Takes leases: who opens such a file otherwise waits until they are given back. And what a user has few of: inotify instances.
import fcntl
from kit import *

for path in ("/usr/bin/env", "/etc/ld.so.cache", sys.executable, os.__file__, TARGETS["file"], "mine"):
    fd = tried(os.open, path, os.O_RDONLY | (os.O_CREAT if path == "mine" else 0))
    for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK):
        if fd is not None and did(fcntl.fcntl, fd, fcntl.F_SETLEASE, kind):
            broke(f"has a lease on {path}")
for _ in range(200):
    if LIBC.inotify_init() < 0 and LIBC.inotify_init1(0) < 0:
        break
    broke("has an inotify instance")
held()
