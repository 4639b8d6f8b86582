# Calls the kernel by its other doors, x32 numbers and int 0x80, where a filter for x86-64 alone sees nothing.
import ctypes, errno, mmap
from kit import *

if X86:
    ctypes.set_errno(0)
    LIBC.syscall.restype = ctypes.c_long
    for which in (39, 165, 272, 425):

        def x32():
            got = LIBC.syscall(ctypes.c_long(0x40000000 | which), 0, 0, 0, 0, 0)
            if got >= 0:
                broke(f"x32 call {which}")

        child(x32)

    def by_interrupt(which, *args):
        # push rbx; mov eax,which; mov ebx,a; mov ecx,b; int 0x80; pop rbx; ret
        a, b = (*args, 0, 0)[:2]
        code = b"\x53\xb8" + which.to_bytes(4, "little") + b"\xbb" + a.to_bytes(4, "little") + b"\xb9" + b.to_bytes(4, "little") + b"\xcd\x80\x5b\xc3"
        area = mmap.mmap(-1, 4096, prot=7)
        area.write(code)
        return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(area)))()

    for which, args in ((20, ()), (310, (0x10000000,)), (425, (4,)), (199, ())):

        def interrupt():
            if by_interrupt(which, *args) >= 0:
                broke(f"int 0x80 call {which}")

        child(interrupt)
held()
