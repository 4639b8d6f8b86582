# Takes 700 MB where 96 are allowed, and touches every page.
# needs: 0
# status: ok, oom, signal
# limits: memory_mb=96
from kit import *

blocks = []
try:
    for _ in range(70):
        block = bytearray(10 << 20)
        block[::4096] = b"x" * len(block[::4096])
        blocks.append(block)
except MemoryError:
    pass
had = 10 * len(blocks)
blocks.clear()
if had > 160:
    broke(f"{had} MB")
held()
