# Prints a line that does not end, on stdout and stderr at once, 256 MB each.
# needs: 0
# status: ok, cpu, timeout
# limits: output_kb=64 cpu_s=5
import os, threading
from kit import *


def flood(fd):
    try:
        for _ in range(256):
            os.write(fd, b"y" * (1 << 20))
    except OSError:
        pass


os.write(1, b"held\n")
other = threading.Thread(target=flood, args=(2,))
other.start()
flood(1)
other.join()
