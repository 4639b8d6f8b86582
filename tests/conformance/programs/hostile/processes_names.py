# Names itself so that whoever reads /proc line by line goes wrong.
# needs: 0
# status: exit
import os
from kit import *

if os.fork() == 0:
    LIBC.prctl(15, b") Z 1 1 1\n0", 0, 0, 0)
    block = bytearray(20 << 20)
    time.sleep(0.3)
    os._exit(0)
LIBC.prctl(15, b"x) R 0 (\xff\n", 0, 0, 0)
time.sleep(0.3)
held()
os._exit(5)
