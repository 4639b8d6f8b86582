# Two programs at once: one waits, the other looks for it, by number, by name, in shared memory and on pseudo-terminals.
# limits: wall_s=6
import os
from kit import *

tried(lambda: open("/dev/shm/beside", "w").write("x"))
segment = LIBC.shmget(0xBE51DE, 4096, 0o1666)
keep, slave = tried(os.openpty) or (None, None)
LIBC.prctl(15, TARGETS["mark"].encode(), 0, 0, 0)
os.environ["BESIDE"] = "1"
time.sleep(1.5)
tried(os.unlink, "/dev/shm/beside")
LIBC.shmctl(segment, 0, None)
held()
