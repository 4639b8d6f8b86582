# Looks into its init, which may share its memory with whoever made it: memory, descriptors, futexes, limits, its owner of signals.
# needs: 2
import ctypes, fcntl, signal
from kit import *


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


if os.getppid() in (0, 1) and 1 < os.getpid() < 50:
    for name in tried(os.listdir, "/proc/1") or []:
        if read(f"/proc/1/{name}") and name in ("mem", "maps", "smaps", "environ", "auxv", "syscall", "stack", "pagemap"):
            broke(f"read /proc/1/{name}")
    for name in ("mem", "oom_score_adj", "clear_refs", "comm", "coredump_filter", "timerslack_ns", "attr/current", "uid_map"):
        if (fd := tried(os.open, f"/proc/1/{name}", os.O_WRONLY)) is None:
            continue
        if name == "mem" or did(os.write, fd, b"0"):  # some may be opened by anybody, and refuse what is written
            broke(f"wrote /proc/1/{name}")
        os.close(fd)
    for name in ("fd", "root", "cwd", "exe", "ns/mnt", "ns/pid", "map_files", "task/1/fd"):
        if tried(os.listdir, f"/proc/1/{name}") or tried(os.readlink, f"/proc/1/{name}"):
            broke(f"saw /proc/1/{name}")
    block = ctypes.create_string_buffer(64)
    mine = Span(ctypes.addressof(block), 16)
    # Where the interpreter's own code and objects lie is the same in whatever was forked from the same parent.
    for where in (id(None), id(os), ctypes.cast(LIBC.pause, ctypes.c_void_p).value):
        for name in ("process_vm_readv", "process_vm_writev"):
            if syscall(name, 1, ctypes.byref(mine), 1, ctypes.byref(Span(where, 8)), 1, 0)[0] > 0:
                broke(f"{name} reached the init")
    for request in (0x4206, 16):
        if syscall("ptrace", request, 1, 0, 0)[0] == 0:
            broke(f"ptrace {request:#x} took the init")
    pidfd, _ = syscall("pidfd_open", 1, 0)
    for fd in range(16):
        if pidfd >= 0 and syscall("pidfd_getfd", pidfd, fd, 0)[0] >= 0:
            broke(f"took descriptor {fd} of the init")
    if pidfd >= 0 and syscall("process_madvise", pidfd, ctypes.byref(mine), 1, 4, 0)[0] > 0:
        broke("process_madvise advised on the init")
    if pidfd >= 0 and syscall("process_mrelease", pidfd, 0)[0] == 0:
        broke("process_mrelease released the init's memory")
    if pidfd >= 0 and syscall("setns", pidfd, 0x20000)[0] == 0:
        broke("setns joined the init")
    for kind in range(9):
        if syscall("kcmp", os.getpid(), 1, kind, 0, 0)[0] >= 0:
            broke(f"kcmp compared with the init ({kind})")
    head, size = ctypes.c_void_p(), ctypes.c_size_t()
    LIBC.syscall.restype = ctypes.c_long
    if LIBC.syscall(274 if X86 else 100, 1, ctypes.byref(head), ctypes.byref(size)) == 0:
        broke("get_robust_list told of the init's futexes")
    if syscall("move_pages", 1, 1, ctypes.byref(ctypes.c_void_p(id(None))), 0, block, 0)[0] == 0:
        broke("move_pages told of the init's pages")
    # Signals by the kernel's own hand: input on a pipe whose owner the init is, of every number.
    for number in range(1, 65):
        ends = os.pipe()
        if did(fcntl.fcntl, ends[0], fcntl.F_SETOWN, 1) and did(fcntl.fcntl, ends[0], fcntl.F_SETSIG, number):
            tried(fcntl.fcntl, ends[0], fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
            os.write(ends[1], b"x")
        for end in ends:
            os.close(end)
    # A child that the init's maker would have to reap.
    if (got := syscall("clone", 0x8000 | 17, 0, 0, 0, 0)[0]) == 0:
        os._exit(0)
    if got > 0 and os.getppid() == 0:
        broke("made a child of whoever is outside")
    time.sleep(0.05)
    # It is still there, and takes in those that lost their parents.
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.05)
            os._exit(0 if os.getppid() == 1 else 1)
        os._exit(0)
    os.wait()
held()
