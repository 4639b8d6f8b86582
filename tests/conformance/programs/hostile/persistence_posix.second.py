# Looks for them, and takes them away.
import ctypes
from kit import *

got, _ = syscall("mq_open", ctypes.c_char_p(b"left-behind"), 0, 0, 0)
if got >= 0:
    broke("found the message queue")
    LIBC.mq_unlink(b"/left-behind")
for name in ("left-behind", "sem.left-behind"):
    if os.path.exists(f"/dev/shm/{name}"):
        broke(f"found /dev/shm/{name}")
        tried(os.unlink, f"/dev/shm/{name}")
held()
