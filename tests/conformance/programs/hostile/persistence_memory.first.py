# Fills its memory with a text, in the hope that pages or arenas come to the next one unwashed.
# needs: 0
import ctypes
from kit import *

LEFT = bytes(range(200, 232)) * 4
blocks = [LEFT * 40 for _ in range(4000)]
LIBC.malloc.restype = ctypes.c_void_p
for _ in range(200):
    where = LIBC.malloc(65536)
    if where:
        ctypes.memmove(where, LEFT * 512, 65536)
held()
