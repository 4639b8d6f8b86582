# Writes 300 MB into folders that who counts may not come to: beside hundreds of others, deep below others, in one that cannot be listed.
# status: ok, oom, output_limit
# limits: scratch_mb=32 file_mb=16 memory_mb=128 inodes=2000
from kit import *

had = 0
os.umask(0)
for number in range(450):
    tried(os.mkdir, f"wide-{number}")
deep = "."
for _ in range(250):
    deep += "/d"
    tried(os.mkdir, deep)
tried(os.mkdir, "closed", 0o300)
tried(os.mkdir, "closed/inner", 0o700)
for place in ("wide-280", deep, "closed/inner"):
    for number in range(10):
        had += fill_new(f"{place}/{number}", 10)
time.sleep(0.5)
if had > 100 << 20:
    broke(f"{had >> 20} MB on disk")
held()
