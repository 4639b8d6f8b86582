# Takes its init's time, descriptors and memory away, by limits and by scheduling: the status must be right all the same.
# needs: 2
# status: exit
import os, resource
from kit import *

if os.getppid() in (0, 1) and 1 < os.getpid() < 50:
    for which in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_STACK, resource.RLIMIT_DATA):
        tried(resource.prlimit, 1, which, (0, 0))
    tried(os.setpriority, os.PRIO_PROCESS, 1, 19)
    tried(os.sched_setscheduler, 1, 5, os.sched_param(0))  # SCHED_IDLE
    tried(os.setpriority, os.PRIO_USER, 0, 19)
held()
os._exit(7)
