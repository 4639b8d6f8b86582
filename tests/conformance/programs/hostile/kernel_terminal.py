# Puts characters into the terminal of whoever started it.
import fcntl, struct
from kit import *

for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/pts/1", *(f"/proc/self/fd/{n}" for n in range(3)), *(f"/proc/{p}/fd/{n}" for p in others() for n in range(3))):
    fd = tried(os.open, path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    if fd is None:
        continue
    if os.isatty(fd):
        broke(f"opened the terminal {path}")
        if did(fcntl.ioctl, fd, 0x5412, b"\0"):
            broke("and put characters in")
    os.close(fd)
for fd in range(3):
    if did(fcntl.ioctl, fd, 0x5412, b"\0") or did(fcntl.ioctl, fd, 0x541C, struct.pack("B", 2)):
        broke(f"TIOCSTI or TIOCLINUX on descriptor {fd}")
if did(os.tcgetpgrp, 0):
    broke("has a controlling terminal")
held()
