# Keeps 600 MB in memory files, which no address space limit counts.
# status: ok, oom, signal
# limits: memory_mb=96
import ctypes
from kit import *

had, kept = 0, []
for name, flags in ((b"a", 0), (b"b", 1), (b"c", 2), (b"d", 4)):
    fd, _ = syscall("memfd_create", ctypes.c_char_p(name), flags)
    if fd >= 0:
        kept.append(fd)
        for _ in range(40):
            try:
                had += os.write(fd, bytes(4 << 20))
            except OSError:
                break
fd, _ = syscall("memfd_secret", 0)
if fd >= 0:
    broke("memfd_secret")
if had > 160 << 20:
    broke(f"{had >> 20} MB in memory files")
held()
