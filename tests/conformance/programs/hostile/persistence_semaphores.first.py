# Leaves as many System V semaphores as it can have, in sets as large as they get: gigabytes of the kernel's memory.
from kit import *

for _ in range(230):
    if LIBC.semget(0, 32000, 0o1600) < 0:
        break
held()
