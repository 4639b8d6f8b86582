# Ends, with its output still open inside a socket that is inside itself: no process holds it, and nobody will close it.
# needs: 0
# limits: wall_s=5
import os, socket
from kit import *

held()
for _ in range(8):
    try:
        a, b = socket.socketpair()
        socket.send_fds(a, [b"x"], [0, 1, 2, a.fileno(), b.fileno()])
        socket.send_fds(b, [b"x"], [1, 2, a.fileno(), b.fileno()])
    except OSError:
        break
os._exit(0)
