# Makes one giant file: by writing, truncating, allocating, seeking, copying, mapping, after ignoring the signal.
# needs: 0
# limits: file_mb=8 scratch_mb=64
import os, signal
from kit import *

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
fd = os.open("giant", os.O_RDWR | os.O_CREAT)
for size in (9 << 20, 1 << 30, 1 << 40):
    if did(os.truncate, fd, size):
        broke(f"a file of {size} bytes by truncate")
    if did(os.posix_fallocate, fd, 0, min(size, 1 << 26)):
        broke(f"a file of {size} bytes by fallocate")
    if did(os.pwrite, fd, b"x", size):
        broke(f"a file of {size} bytes by a write far out")
os.truncate(fd, 7 << 20)
more = os.open("more", os.O_RDWR | os.O_CREAT)
for _ in range(3):
    tried(os.sendfile, more, fd, 0, 7 << 20)
    tried(os.copy_file_range, fd, more, 7 << 20, 0)
if os.fstat(more).st_size > 8 << 20:
    broke(f"a file of {os.fstat(more).st_size} bytes by copying")
held()
