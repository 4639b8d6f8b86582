# Leaves children that ended and that nobody waits for; adopts those of others.
# needs: 0
# limits: processes=40
import os
from kit import *

LIBC.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
for _ in range(60):
    try:
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
    except OSError:
        break
held()
