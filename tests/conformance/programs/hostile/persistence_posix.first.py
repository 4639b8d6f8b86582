# Leaves a POSIX message queue, shared memory and a named semaphore.
import ctypes
from kit import *

syscall("mq_open", ctypes.c_char_p(b"left-behind"), 0o102, 0o666, 0)
tried(lambda: open("/dev/shm/left-behind", "w").write("x"))
try:
    LIBC.sem_open(b"/left-behind", 0o100, 0o666, 1)
except AttributeError:
    pass
held()
