# Traces its parent, its init and bystanders, and writes into them.
from kit import *

for pid in others():
    for request in (16, 0x4206):
        if syscall("ptrace", request, pid, 0, 0)[0] == 0:
            broke(f"ptrace {request:#x} took {pid}")
            syscall("ptrace", 17, pid, 0, 0)
LIBC.prctl(0x59616D61, -1, 0, 0, 0)
if os.getuid() == 0 and LIBC.prctl(23, 21) == 1:
    broke("CAP_SYS_ADMIN is in the bounding set")
held()
