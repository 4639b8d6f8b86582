# Opens sockets of every family that has brought kernels down or leads past namespaces: vsock, AF_ALG, netlink, tipc, and so on.
import socket
from kit import *

HARMLESS = {1, 2, 10}  # unix, inet, inet6: what they reach is tried elsewhere
for family in range(3, 64):
    for kind in (1, 2, 3, 5):
        for protocol in (0, 1, 4, 9, 12, 15, 21) if family == 16 else (0, 1, 6, 768):
            if family == 16 and protocol == 0:
                continue  # NETLINK_ROUTE: getaddrinfo uses it
            end = tried(socket.socket, family, kind, protocol)
            if end is not None and family not in HARMLESS:
                broke(f"socket({family}, {kind}, {protocol})")
                end.close()
if hasattr(socket, "AF_VSOCK"):
    end = tried(socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM)
    if end is not None:
        end.settimeout(0.2)
        broke("vsock " + str(did(end.connect, (2, 1024))))
for protocol in (0x106, 132, 136, 33):  # mptcp, sctp, udplite, dccp
    for kind in (1, 5, 6):
        if tried(socket.socket, 2, kind, protocol):
            broke(f"inet socket of protocol {protocol}")
held()
