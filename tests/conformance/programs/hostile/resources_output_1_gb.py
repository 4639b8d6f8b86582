# Prints 1 GB.
# needs: 0
# status: ok, cpu, timeout
# limits: output_kb=64 cpu_s=5
import os
from kit import *

block = b"x" * 1023 + b"\n"
block *= 1024
try:
    for _ in range(1024):
        os.write(1, block)
except OSError:
    pass
held()
