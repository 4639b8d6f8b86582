# Connects to a server and sends to a socket on the host's loopback.
import socket
from kit import *

for family, address in ((2, "127.0.0.1"), (2, "0.0.0.0"), (2, "127.1.2.3"), (10, "::1"), (10, "::ffff:127.0.0.1"), (2, "localhost")):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as end:
            end.settimeout(0.3)
            end.connect((address, TARGETS["tcp"]))
            broke(f"connected to {address}")
    except OSError:
        pass
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as end:
            end.sendto(b"x", (address, TARGETS["udp"]))  # whether it came, the test knows
    except OSError:
        pass
time.sleep(0.05)
held()
