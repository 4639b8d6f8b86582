# Sixteen processes compute; each alone stays below the limit.
# status: cpu, timeout
# limits: cpu_s=1 wall_s=6 processes=32
import os
from kit import *

for _ in range(4):
    tried(os.fork)
end = time.process_time() + 0.9
while time.process_time() < end:
    pass
if os.getpid() == 2:
    broke("sixteen processes used 14 seconds")
time.sleep(20)
