# Asks the cloud's metadata service for credentials; any way out of the machine counts.
# dangerous: yes
import socket
from kit import *

for family, address in ((2, "169.254.169.254"), (2, "100.100.100.200"), (2, "10.0.0.1"), (2, "172.17.0.1"), (10, "fd00:ec2::254"), (10, "fe80::1%1")):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as end:
            end.settimeout(0.2)
            end.connect((address, 80))
            broke(f"reached {address}")
    except TimeoutError:
        broke(f"a packet to {address} was sent: nothing refused it")
    except ConnectionRefusedError:
        broke(f"{address} answered with a refusal: something is there")
    except OSError:
        pass
held()
