# Takes pseudo-terminals, of which the machine has 4,096 for all (400 at most are tried).
# limits: descriptors=1024
import os
from kit import *

count = 0
for path in ("/dev/ptmx", "/dev/pts/ptmx"):
    try:
        while count < 400:
            os.open(path, os.O_RDWR | os.O_NOCTTY)
            count += 1
    except OSError:
        pass
if count > 128:
    broke(f"{count} pseudo-terminals")
held()
