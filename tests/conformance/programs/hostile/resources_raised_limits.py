# Raises its own limits and those of others, by setrlimit and prlimit.
# needs: 0
import ctypes, resource
from kit import *

for which in range(16):
    try:
        soft, hard = resource.getrlimit(which)
    except (ValueError, OSError):
        continue
    if hard != resource.RLIM_INFINITY:
        for more in (hard + 1, resource.RLIM_INFINITY):
            if did(resource.setrlimit, which, (soft, more)):
                broke(f"limit {which} raised from {hard} to {more}")
if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
    broke("may leave a core")
if resource.getrlimit(resource.RLIMIT_NOFILE)[1] == resource.RLIM_INFINITY:
    broke("descriptors without bound")
if did(os.setpriority, 0, 0, -5):
    broke("a priority above others'")
if resource.getrlimit(resource.RLIMIT_RTPRIO)[1] or resource.getrlimit(resource.RLIMIT_NICE)[1] > 20:
    broke("may run before others")
for policy in (1, 2, 6):
    if did(os.sched_setscheduler, 0, policy, os.sched_param(1)):
        broke(f"real-time scheduling policy {policy}")
attributes = (ctypes.c_uint64 * 6)(48 | 6 << 32, 0, 0, 10**7, 10**8, 10**8)
if syscall("sched_setattr", 0, ctypes.byref(attributes), 0)[0] == 0:
    broke("a deadline schedule")
if syscall("ioprio_set", 1, 0, 1 << 13)[0] == 0:
    broke("real-time input and output")
for pid in others():
    if pid > 50 and did(resource.prlimit, pid, resource.RLIMIT_CPU, (5, 5)):
        broke(f"set a limit of process {pid}")
for value in ("-1000", "-500"):
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(value)
        broke(f"the kernel will spare me when memory is out ({value})")
    except OSError:
        pass
held()
