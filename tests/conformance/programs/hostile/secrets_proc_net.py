# Looks up in /proc and /sys who listens on the host and what its network looks like.
from kit import *

port = f":{TARGETS['tcp']:04X}".encode()
for pid in ["self", "thread-self", *others()]:
    for table in ("tcp", "udp", "tcp6", "unix", "route", "arp", "dev", "fib_trie"):
        data = read(f"/proc/{pid}/net/{table}") or b""
        if port in data or TARGETS["abstract"].encode() in data:
            broke(f"/proc/{pid}/net/{table} shows the host's sockets")
        if b"eth" in data or b"ens" in data:
            broke(f"/proc/{pid}/net/{table} shows the host's interfaces")
if tried(os.listdir, "/sys/class/net"):
    broke("/sys/class/net is there")
import socket
if any(name != "lo" for _, name in tried(socket.if_nameindex) or []):
    broke(f"sees interfaces {socket.if_nameindex()}")
held()
