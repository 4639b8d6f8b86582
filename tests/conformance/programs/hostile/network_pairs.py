# Makes pairs of sockets of families that a single socket is refused of: the kernel makes both before it says no.
import errno, socket
from kit import *

for family, kind, protocol in ((2, 1, 0), (2, 2, 0), (2, 1, 262), (10, 2, 0), (16, 3, 0), (30, 1, 0), (40, 1, 0)):
    try:
        socket.socketpair(family, kind, protocol)
    except OSError as error:
        if error.errno not in (errno.EAFNOSUPPORT, errno.EPERM, errno.EACCES):
            broke(f"a pair of family {family}: {error}")
    else:
        broke(f"a pair of family {family}")
held()
