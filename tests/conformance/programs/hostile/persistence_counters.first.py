# Leaves numbers behind: what passed over the loopback, who connected, what failed.
import socket
from kit import *

end = tried(socket.socket, 2, 2)
for _ in range(300):
    if end:
        tried(end.sendto, b"left", ("127.0.0.1", 45690))
held()
