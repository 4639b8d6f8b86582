# Configures its network: addresses, links, routes, packet filters.
# needs: 1
import fcntl, socket, struct
from kit import *

end = tried(socket.socket, 16, socket.SOCK_RAW, 0)
if end is not None:
    end.settimeout(0.3)
    info = struct.pack("BxHiII", 0, 1, 0, 1, 1)
    for kind in (16, 20, 24):  # NEWLINK, NEWADDR, NEWROUTE
        body = info + struct.pack("HH", 16 + 2, 3) + b"dummy77\0"
        if did(end.send, struct.pack("IHHII", 16 + len(body), kind, 0x605, 1, 0) + body):
            answer = tried(end.recv, 4096) or b""
            if len(answer) >= 20 and struct.unpack_from("IHHIIi", answer)[1] == 2 and struct.unpack_from("IHHIIi", answer)[5] == 0:
                broke(f"netlink message {kind} was obeyed")
end = tried(socket.socket, 2, socket.SOCK_DGRAM)
if end is not None:
    for call in (0x8914, 0x8916, 0x8922, 0x89F1):  # SIOCSIFFLAGS, SIFADDR, SIFMTU, tunnels
        if did(fcntl.ioctl, end, call, struct.pack("16sH14x", b"lo", 0)) :
            broke(f"ioctl {call:#x} on the loopback")
    for option in (64, 96):  # iptables
        if did(end.getsockopt, 0, option, 84):
            broke("iptables can be read")
held()
