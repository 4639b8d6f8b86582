# Takes memory by every kind of mapping: private, shared, locked, huge, stack-like, remapped, of /dev/zero.
# needs: 0
# status: ok, oom, signal
# limits: memory_mb=96
import mmap
from kit import *

kept, had = [], 0
zero = tried(os.open, "/dev/zero", os.O_RDWR) or os.open("/dev/zero", os.O_RDONLY)
for flags, fd in ((0x22, -1), (0x21, -1), (0x2022, -1), (0x40022, -1), (0x120, -1), (0x01, zero), (0x02, zero), (0x4022, -1)):
    for _ in range(10):
        try:
            area = mmap.mmap(fd, 10 << 20, flags=flags, prot=3)
            for at in range(0, len(area), 4096):
                area[at] = 1
        except (OSError, ValueError):
            break
        kept.append(area)
        had += 10
if had > 200:
    broke(f"{had} MB by mappings")
held()
