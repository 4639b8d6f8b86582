# Computes for ever, deaf to every signal that can be ignored.
# needs: 0
# status: cpu, timeout
# limits: cpu_s=1 wall_s=6
import signal
from kit import *

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
LIBC.setitimer(0, None, None)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
