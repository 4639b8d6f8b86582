# Closes its output and goes on; opens something else in its place.
# needs: 0
# limits: wall_s=5
import os
from kit import *

held()
os.close(0)
os.close(1)
os.close(2)
for _ in range(3):
    os.open("/dev/null", os.O_RDWR)
time.sleep(0.2)
os._exit(0)
