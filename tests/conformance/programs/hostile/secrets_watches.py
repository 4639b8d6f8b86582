# Watches the system's own folders, which shows what the host starts and what a program beside it opens.
from kit import *

watch = LIBC.inotify_init1(0o4000)
for path in ("/usr/bin", "/usr/lib", "/usr/share", "/bin", "/lib"):
    if watch >= 0 and LIBC.inotify_add_watch(watch, path.encode(), 0xFFF) >= 0:
        broke(f"watches {path}")
held()
