# Writes 300 MB in many files, wherever it may, where 32 are allowed.
# status: ok, oom, signal, output_limit
# limits: scratch_mb=32 file_mb=16 memory_mb=128
import os
from kit import *

had = 0
for top in (os.getcwd(), os.environ.get("TMPDIR", "/tmp"), "/dev/shm", "/tmp", "/var/tmp", "/run", "/"):
    mine = tried(os.mkdir, f"{top}/fill")
    for number in range(20):
        try:
            with open(f"{top}/fill/{number}", "wb", buffering=0) as file:
                for _ in range(8):
                    had += file.write(bytes(2 << 20))
                    time.sleep(0.002)
        except OSError:
            break
time.sleep(0.5)
if had > 100 << 20:
    broke(f"{had >> 20} MB on disk")
held()
