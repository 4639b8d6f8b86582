# Fills memory with page tables: looks once at every two megabytes of a mapping that nobody writes to.
# status: ok, oom, signal
# limits: memory_mb=64
import ctypes
from kit import *

tables = (500 << 20) // 4096
LIBC.mmap.restype = ctypes.c_void_p
area = LIBC.mmap(None, ctypes.c_size_t(tables << 21), 1, 0x4022, -1, ctypes.c_long(0))  # PROT_READ, MAP_NORESERVE
if area != ctypes.c_void_p(-1).value:
    LIBC.madvise(ctypes.c_void_p(area), ctypes.c_size_t(tables << 21), 15)  # MADV_NOHUGEPAGE
    for number in range(tables):
        if number % 250 == 0:
            time.sleep(0.002)
        ctypes.c_ubyte.from_address(area + (number << 21)).value
    time.sleep(0.2)
    broke(f"{tables * 4 >> 10} MB of page tables")
held()
