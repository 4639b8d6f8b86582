# Keeps 600 MB in System V shared memory, all of it marked to go with its last user.
# status: ok, oom, signal
# limits: memory_mb=96
import ctypes
from kit import *

LIBC.shmat.restype = ctypes.c_void_p
had = 0
for _ in range(12):
    segment = LIBC.shmget(0, ctypes.c_size_t(50 << 20), 0o1600)
    if segment < 0:
        break
    where = LIBC.shmat(segment, None, 0)
    LIBC.shmctl(segment, 0, None)  # gone at our end, also where nothing holds us
    if where in (None, 2**64 - 1):
        break
    ctypes.memset(where, 1, 50 << 20)
    had += 50
if had > 150:
    broke(f"{had} MB in shared memory")
held()
