# Fills its output by splice, tee and vmsplice, with pages that it changes afterwards.
# needs: 0
# limits: output_kb=64
import ctypes, os
from kit import *


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


held()
page = ctypes.create_string_buffer(b"mine" * 1024, 4096)
span = Span(ctypes.addressof(page), 4096)
for _ in range(64):
    syscall("vmsplice", 1, ctypes.byref(span), 1, 8)
    page.raw = b"hers" * 1024
zero = os.open("/dev/zero", os.O_RDONLY)
for _ in range(200):
    tried(os.splice, zero, 1, 65536) if hasattr(os, "splice") else tried(os.write, 1, bytes(65536))
held()
