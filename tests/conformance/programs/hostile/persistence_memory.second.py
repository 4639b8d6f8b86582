# Looks for the text in memory that it asks for and does not write to.
# needs: 0
import ctypes
from kit import *

PART = bytes(range(200, 210))
PART += bytes(range(210, 232))
LIBC.malloc.restype = ctypes.c_void_p
for size in (4096, 65536, 100_000, 1 << 20):
    for _ in range(50):
        where = LIBC.malloc(size)
        if where and ctypes.string_at(where, size).count(PART) > 3:
            broke(f"malloc({size}) holds what the last program left")
            break
held()
