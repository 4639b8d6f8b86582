# Keeps memory in pipes and sockets that nobody reads, some of them only in flight.
# needs: 3
# status: ok, oom, signal
# limits: memory_mb=32 processes=16
import fcntl, os, socket
from kit import *

had, kept = 0, []
for _ in range(8):
    if os.fork() == 0:
        break
for _ in range(100):
    try:
        r, w = os.pipe()
        tried(fcntl.fcntl, w, 1031, 1 << 20)
        os.set_blocking(w, False)
        kept += [r, w]
        while True:
            had += os.write(w, bytes(65536))
    except BlockingIOError:
        pass
    except OSError:
        break
for _ in range(50):
    try:
        a, b = socket.socketpair()
        a.setblocking(False)
        a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        kept += [a, b]
        while True:
            had += a.send(bytes(65536))
    except BlockingIOError:
        pass
    except OSError:
        break
if had > 96 << 20:
    broke(f"one process has {had >> 20} MB in pipes and sockets")
time.sleep(0.3)
held()
