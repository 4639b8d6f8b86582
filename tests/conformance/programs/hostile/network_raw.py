# Opens raw and packet sockets, and network devices.
import socket
from kit import *

for family, kind, protocol in ((2, socket.SOCK_RAW, 255), (2, socket.SOCK_RAW, 1), (10, socket.SOCK_RAW, 58), (17, socket.SOCK_RAW, 768), (17, socket.SOCK_DGRAM, 768), (2, 10, 0)):
    if tried(socket.socket, family, kind, protocol):
        broke(f"socket({family}, {kind}, {protocol})")
for path in ("/dev/net/tun", "/dev/ppp", "/dev/vhost-net", "/dev/tap0"):
    if did(lambda: os.close(os.open(path, os.O_RDWR))):
        broke(f"opened {path}")
held()
