# Takes memory without a file (by /dev/zero, too) that it shares with nobody, and hides its pages: 600 MB where 64 are allowed.
# status: ok, oom, signal
# limits: memory_mb=64
import mmap
from kit import *

kept = []
zero = tried(open, "/dev/zero", "r+b", 0)
for file in (-1, zero.fileno()) if zero else (-1,):
    had = 0
    for _ in range(75):
        area = tried(mmap.mmap, file, 8 << 20)
        if area is None:
            break
        for at in range(0, len(area), 1 << 20):
            area[at : at + (1 << 20)] = bytes(1 << 20)
            area.madvise(mmap.MADV_DONTNEED, 0, at + (1 << 20))
        kept.append(area)
        had += 8
        time.sleep(0.004)
    if had > 300:
        broke(f"{had} MB of shared memory")
held()
