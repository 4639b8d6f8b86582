# Connects to an abstract socket of the host, which no folder hides.
import socket
from kit import *

for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
    end = tried(socket.socket, socket.AF_UNIX, kind)
    if end and did(end.connect, "\0" + TARGETS["abstract"]):
        broke(f"connected to the abstract socket with kind {kind}")
held()
