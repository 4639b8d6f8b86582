# Learns of files and folders of the host without opening them: stat, access, readlink, inotify, statfs.
# needs: 2
import ctypes
from kit import *

for path in (TARGETS["file"], TARGETS["private"], TARGETS["folder"], TARGETS["checkout"]):
    if did(os.stat, path):
        broke(f"stat {path}")
    if os.access(path, os.F_OK):
        broke(f"access {path}")
    if did(os.statvfs, path):
        broke(f"statvfs {path}")
    if did(os.listdir, path):
        broke(f"listed {path}")
    watch = LIBC.inotify_init1(0o4000)
    if watch >= 0 and LIBC.inotify_add_watch(watch, path.encode(), 0xFFF) >= 0:
        broke(f"inotify watches {path}")
held()
