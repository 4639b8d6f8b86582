# Is ended by the wall limit, but its children have left its group, session and standard descriptors.
# needs: 0
# status: timeout
# limits: wall_s=1
import os
from kit import *

for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        os.fork()
        os.closerange(0, 3)
        time.sleep(60)
time.sleep(60)
