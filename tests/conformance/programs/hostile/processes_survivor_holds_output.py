# Ends, but a child keeps its output open and goes on writing.
# needs: 0
# limits: wall_s=5
import os
from kit import *

if os.fork() == 0:
    os.setsid()
    while True:
        try:
            os.write(1, b"still here\n")
        except OSError:
            pass
        time.sleep(0.05)
held()
