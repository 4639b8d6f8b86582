# Prints single bytes without pause, so that whoever reads has the most work.
# needs: 0
# status: ok, cpu, timeout
# limits: output_kb=16 cpu_s=2 wall_s=5
import os
from kit import *

held()
end = time.monotonic() + 0.7
while time.monotonic() < end:
    os.write(1, b"z")
    os.write(2, b"z")
