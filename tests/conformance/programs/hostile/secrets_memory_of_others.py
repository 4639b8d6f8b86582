# Reads the memory of its supervisor and of bystanders: /proc/N/mem, process_vm_readv, ptrace.
import ctypes
from kit import *


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


for pid in others():
    maps = read(f"/proc/{pid}/maps")
    if maps:
        broke(f"read the memory map of {pid}")
    for mode in (os.O_RDONLY, os.O_RDWR):
        if did(lambda: os.close(os.open(f"/proc/{pid}/mem", mode))):
            broke(f"opened the memory of {pid} ({mode})")
    # Where the interpreter's own code lies is the same for whatever was forked from the same parent.
    buffer = ctypes.create_string_buffer(64)
    mine, theirs = Span(ctypes.addressof(buffer), 16), Span(id(None), 16)
    if syscall("process_vm_readv", pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)[0] > 0:
        broke(f"process_vm_readv read {pid}")
    for request in (0x4206, 16):  # SEIZE, ATTACH
        if syscall("ptrace", request, pid, 0, 0)[0] == 0:
            broke(f"ptrace {request:#x} took {pid}")
            if request == 16:
                os.waitpid(pid, 0x40000000)
            syscall("ptrace", 17, pid, 0, 0)  # DETACH
held()
