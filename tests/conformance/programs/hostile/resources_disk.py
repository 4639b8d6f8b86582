# Writes 300 MB in many files, wherever it may, where 32 are allowed.
# status: ok, oom, signal, output_limit
# limits: scratch_mb=32 file_mb=16 memory_mb=128
import os
from kit import *

had = 0
for top in (os.getcwd(), os.environ.get("TMPDIR", "/tmp"), "/dev/shm", "/tmp", "/var/tmp", "/run", "/"):
    tried(os.mkdir, f"{top}/fill")
    for number in range(20):
        had += fill_new(f"{top}/fill/{number}", 16)
time.sleep(0.5)
if had > 100 << 20:
    broke(f"{had >> 20} MB on disk")
held()
