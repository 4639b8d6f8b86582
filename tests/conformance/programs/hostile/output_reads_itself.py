# Reads its own output pipe empty, so that what it printed is never seen, or what others wrote.
# needs: 0
import os
from kit import *

for path in ("/proc/self/fd/1", "/proc/self/fd/2", "/dev/stdout"):
    fd = tried(os.open, path, os.O_RDONLY | os.O_NONBLOCK)
    data = tried(os.read, fd, 65536) if fd is not None else None
    if data and hunted(data):
        broke("read others' output")
held()
