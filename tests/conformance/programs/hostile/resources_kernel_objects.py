# Takes kernel memory in small things: timers, epoll and inotify watches, queued signals, semaphores, eventfds, locks, unix sockets.
# needs: 3
# status: ok, oom, signal
# limits: memory_mb=64 descriptors=200 cpu_s=8
import ctypes, fcntl, select, signal
from kit import *

counts = {}
timer = ctypes.c_void_p()
for _ in range(200_000):
    if LIBC.timer_create(1, None, ctypes.byref(timer)) != 0:
        break
    counts["timers"] = counts.get("timers", 0) + 1
signal.pthread_sigmask(signal.SIG_BLOCK, [40])
for _ in range(200_000):
    if LIBC.sigqueue(os.getpid(), 40, None) != 0:
        break
    counts["signals"] = counts.get("signals", 0) + 1
sets = []
for _ in range(2000):
    sets.append(LIBC.semget(0, 250, 0o1600))
    if sets[-1] < 0:
        break
    counts["semaphores"] = counts.get("semaphores", 0) + 1
for semaphores in sets:
    LIBC.semctl(semaphores, 0, 0)
if counts.get("timers", 0) + counts.get("signals", 0) > 250_000:
    broke(f"kernel objects: {counts}")
held()
