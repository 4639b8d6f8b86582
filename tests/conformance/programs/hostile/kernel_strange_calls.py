# Calls the kernel's large attack surfaces: bpf, io_uring, perf, userfaultfd, fanotify, and more.
import ctypes
from kit import *

zeros = (ctypes.c_uint64 * 32)()
# bpf: a map, a program load
zeros[0] = 2 | 4 << 32
zeros[1] = 4 | 1 << 32
if syscall("bpf", 0, ctypes.byref(zeros), 48)[0] >= 0:
    broke("bpf made a map")
if syscall("io_uring_setup", 4, ctypes.byref((ctypes.c_uint64 * 32)()))[0] >= 0:
    broke("io_uring was set up")
event = (ctypes.c_uint64 * 16)(1 | 112 << 32, 0)
event[5] = 1 << 5 | 1 << 6
for pid in (0, 1, -1):
    if syscall("perf_event_open", ctypes.byref(event), pid, 0 if pid == -1 else -1, -1, 0)[0] >= 0:
        broke(f"perf_event_open on {pid}")
for flags in (0, 1):
    if syscall("userfaultfd", flags)[0] >= 0:
        broke(f"userfaultfd({flags})")
for flags in (0, 0x200):
    if syscall("fanotify_init", flags, 0)[0] >= 0:
        broke(f"fanotify_init({flags:#x})")
descriptor = (ctypes.c_uint32 * 4)(0, 0x1000, 0xFFFFF, 0b1010001)
if syscall("modify_ldt", 1, ctypes.byref(descriptor), 16)[0] == 0:
    broke("modify_ldt wrote a segment")
if syscall("iopl", 3)[0] == 0:
    broke("iopl(3)")
if syscall("ioperm", 0x80, 1, 1)[0] == 0:
    broke("ioperm")
if syscall("move_pages", 1, 0, 0, 0, 0, 0)[0] == 0:
    broke("move_pages on process 1")
if syscall("lookup_dcookie", 0, ctypes.byref(zeros), 8)[1] not in (1, 38, 13):
    broke("lookup_dcookie is let through")
held()
