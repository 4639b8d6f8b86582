# Calls.
import socket
from kit import *

end_time = time.monotonic() + 1.2
while time.monotonic() < end_time:
    for family, kind, address in ((2, 1, ("127.0.0.1", 45680)), (10, 1, ("::1", 45681)), (1, 1, "\0beside"), (1, 5, "\0beside-packets"), (2, 1, ("127.0.0.1", 45682))):
        end = tried(socket.socket, family, kind)
        if end and did(end.connect, address):
            broke(f"reached {address!r} of a program beside me")
        if end:
            end.close()
    udp = tried(socket.socket, 2, 2)
    if udp:
        tried(udp.sendto, b"x", ("127.0.0.1", 45683))
    time.sleep(0.05)
held()
