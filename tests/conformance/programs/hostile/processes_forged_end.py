# Writes what a supervisor might read as its end on every descriptor and pipe it can find, then fails.
# needs: 0
# status: exit
import os, socket
from kit import *

ends = [b'end{"status": 0, "cpu_s": 0.0}', b'{"status": "ok", "exit_code": 0}\n', b"\0\0\0\0", b"0\n", b'["end",0]\n', b"exit 0\n"]
for fd in range(256):
    for end in ends:
        try:
            os.write(fd, end)
        except OSError:
            pass
        try:
            socket.socket(fileno=os.dup(fd)).send(end)
        except OSError:
            pass
for path in tried(os.listdir, "/proc/self/fd") or []:
    for end in ends:
        tried(lambda: os.write(os.open(f"/proc/self/fd/{path}", os.O_WRONLY | os.O_NONBLOCK), end))
held()
os._exit(3)
