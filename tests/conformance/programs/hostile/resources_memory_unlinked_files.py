# Fills the disk or memory with files that are open but have no name: 300 MB where 32 are allowed.
# status: ok, oom, signal, output_limit
# limits: memory_mb=96 scratch_mb=32 file_mb=16
import os
from kit import *

had, kept = 0, []
for top in (os.getcwd(), os.environ.get("TMPDIR", "/tmp"), "/dev/shm", "/tmp", "/var/tmp", "/run"):
    for number in range(12):
        flags = os.O_RDWR | (0o20200000 if number % 2 else os.O_CREAT)
        path = top if number % 2 else f"{top}/gone-{number}"
        fd = tried(os.open, path, flags, 0o600)
        if fd is None:
            continue
        if not number % 2:
            os.unlink(path)
        kept.append(fd)
        had += fill(fd, 16)
time.sleep(0.5)
if had > 100 << 20:
    broke(f"{had >> 20} MB in files without names")
held()
