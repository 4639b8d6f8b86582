# Asks name servers, by the library and by hand.
# dangerous: yes
import socket
from kit import *

if did(socket.getaddrinfo, "example.com", 80):
    broke("a name was resolved")
for family, address in ((2, "8.8.8.8"), (2, "127.0.0.53"), (2, "127.0.0.11"), (2, "224.0.0.251"), (2, "255.255.255.255"), (10, "2001:4860:4860::8888"), (10, "ff02::1")):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK):
        try:
            with socket.socket(family, kind) as end:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                end.sendto(b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01", (address, 53))
                if not address.startswith("127."):
                    broke(f"a packet to {address} was sent")
        except OSError:
            pass
held()
