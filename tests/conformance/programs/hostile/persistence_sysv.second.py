# Looks for them, and takes them away where they are.
from kit import *

for name, found in (("shared memory", LIBC.shmget(0x5EF7, 4096, 0o666)), ("a semaphore", LIBC.semget(0x5EF7, 1, 0o666)), ("a message queue", LIBC.msgget(0x5EF7, 0o666))):
    if found >= 0:
        broke(f"found {name}")
        {"s": LIBC.shmctl, "a": LIBC.semctl}.get(name[0], LIBC.shmctl)
        if name == "shared memory":
            LIBC.shmctl(found, 0, None)
        elif name == "a semaphore":
            LIBC.semctl(found, 0, 0)
        else:
            LIBC.msgctl(found, 0, None)
held()
