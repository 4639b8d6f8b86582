# Opens its own input and output anew through /proc with other rights: reads back its output, writes its input, grows them.
import fcntl
from kit import *

for fd in range(3):
    for base in ("/proc/self/fd", "/dev/fd"):
        again = tried(os.open, f"{base}/{fd}", os.O_RDWR | os.O_NONBLOCK)
        if again is None:
            continue
        data = tried(os.read, again, 65536) or b""
        if hunted(data):
            broke(f"read a secret from descriptor {fd}")
        name = tried(os.readlink, f"{base}/{fd}") or ""
        if name.startswith("/") and not name.startswith(("/dev/null", "/box", os.getcwd())):
            broke(f"descriptor {fd} is a file of the host that can be opened anew: {name}")
        os.close(again)
held()
