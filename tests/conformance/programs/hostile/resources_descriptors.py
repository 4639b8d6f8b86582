# Opens descriptors without end: files, pipes, duplicates, and far more of them in flight between sockets.
# needs: 0
# limits: descriptors=64
import os, resource, socket
from kit import *

kept = []
try:
    while len(kept) < 2000:
        kept.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
if len(kept) > 64:
    broke(f"{len(kept)} descriptors")
if did(os.dup2, 0, 1000):
    broke("a descriptor beyond the limit by dup2")
for fd in kept[8:]:
    os.close(fd)
flying = 0
pairs = [socket.socketpair() for _ in range(8)]
for a, _ in pairs:
    a.setblocking(False)
    try:
        while flying < 3000:
            socket.send_fds(a, [b"x"], kept[:8])
            flying += 8
    except OSError:
        pass
if flying > 1000:
    broke(f"{flying} descriptors in flight")
held()
