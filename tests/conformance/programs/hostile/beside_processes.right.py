# Looks for it.
import os
from kit import *

end = time.monotonic() + 1.2
mine = {os.getpid()}
while time.monotonic() < end:
    if os.path.exists("/dev/shm/beside"):
        broke("shared memory of a program beside me")
    if LIBC.shmget(0xBE51DE, 4096, 0o666) >= 0:
        broke("System V memory of a program beside me")
    for name in tried(os.listdir, "/dev/pts") or []:
        if name.isdigit() and did(lambda: os.close(os.open(f"/dev/pts/{name}", os.O_RDWR | os.O_NOCTTY))):
            broke(f"opened /dev/pts/{name}, which is not mine")
            break
    for pid in range(1, 400):
        if pid not in (os.getpid(), 1) and TARGETS["mark"].encode() in (read(f"/proc/{pid}/comm") or b""):
            broke(f"sees the program beside me as process {pid}")
    time.sleep(0.1)
held()
