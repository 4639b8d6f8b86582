# Watches the system's own folders and files, which shows what the host starts and what a program beside it opens.
import fcntl
from kit import *

watch = LIBC.inotify_init1(0o4000)
for path in ("/usr/bin", "/usr/lib", "/usr/share", "/bin", "/lib"):
    if watch >= 0 and LIBC.inotify_add_watch(watch, path.encode(), 0xFFF) >= 0:
        broke(f"watches {path}")
for path in ("/usr/bin", "/usr/lib", "/usr/share", "/tmp"):
    fd = tried(os.open, path, os.O_RDONLY)
    if fd is not None and did(fcntl.fcntl, fd, fcntl.F_NOTIFY, fcntl.DN_ACCESS | fcntl.DN_MULTISHOT):
        broke(f"is signalled what happens in {path}")
held()
