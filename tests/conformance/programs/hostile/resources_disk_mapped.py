# Fills the disk with files that have neither name nor descriptor: mappings alone keep them. 300 MB where 32 are allowed.
# status: ok, oom, output_limit
# limits: scratch_mb=32 file_mb=16 memory_mb=128
import ctypes
from kit import *

LIBC.mmap.restype = ctypes.c_void_p
had = 0
for _ in range(30):
    fd = tried(os.open, "gone", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if fd is None:
        break
    os.unlink("gone")
    had += fill(fd, 10)
    LIBC.mmap(None, ctypes.c_size_t(4096), 1, 1, fd, ctypes.c_long(0))
    os.close(fd)
time.sleep(0.5)
if had > 100 << 20:
    broke(f"{had >> 20} MB in files without names")
held()
