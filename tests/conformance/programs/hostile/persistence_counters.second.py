# Reads the counters of its network, where nothing has happened yet.
from kit import *

for table in ("/proc/self/net/snmp", "/proc/net/snmp"):
    lines = [line.split() for line in (read(table) or b"").splitlines()]
    for names, values in zip(lines[::2], lines[1::2]):
        counts = dict(zip(names[1:], values[1:]))
        if names[0] == b"Udp:" and int(counts.get(b"OutDatagrams", 0)):
            broke(f"the network of this program has sent {int(counts[b'OutDatagrams'])} datagrams before")
for line in (read("/proc/self/net/dev") or b"").splitlines():
    if line.strip().startswith(b"lo:") and int(line.split()[1]) > 0:
        broke(f"{int(line.split()[1])} bytes have passed over the loopback before")
held()
