# Leaves its cgroup: by its files, by a hierarchy of its own, by release_agent.
import glob
from kit import *

for top in ("/sys/fs/cgroup", "/cgroup", "/dev/cgroup", "/run/cgroup", "/mnt"):
    for where, folders, names in os.walk(top):
        for name in ("cgroup.procs", "tasks", "release_agent", "notify_on_release", "memory.max", "memory.limit_in_bytes", "pids.max"):
            fd = tried(os.open, f"{where}/{name}", os.O_WRONLY)
            if fd is not None:
                os.close(fd)
                broke(f"opened {where}/{name} for writing")
        if did(os.mkdir, f"{where}/escape"):
            tried(os.rmdir, f"{where}/escape")
            if os.path.exists(f"{where}/cgroup.procs"):
                broke(f"made a cgroup in {where}")
for pid in ("self", 1):
    data = read(f"/proc/{pid}/cgroup") or b""
    for line in data.splitlines():
        if line.count(b"/") > 1 and b"/.." not in line:
            tried(os.listdir, "/sys/fs/cgroup")
import ctypes
arguments = (ctypes.c_uint64 * 11)(0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, tried(os.open, "/", os.O_PATH) or 0)
got, _ = syscall("clone3", ctypes.byref(arguments), 88)
if got == 0:
    os._exit(0)
if got > 0:
    broke("clone3 into a cgroup")
held()
