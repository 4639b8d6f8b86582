"""What the hostile programs share; it lies beside each of them as kit.py while it runs.

`TARGETS` names what the test has put on the host for them to find: files, folders, sockets, processes.
The secret itself is nowhere among them: whoever sees a text like `HUNTED` has really got at it.
"""

import ctypes
import errno
import json
import os
import platform
import re
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
TARGETS = json.loads(sys.argv[1])
HUNTED = re.compile(rb"hunted-[0-9a-f]{32}")
X86 = platform.machine() == "x86_64"

# x86-64, arm64
_OLD = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "clone": (56, 220), "exit": (60, 93), "ptrace": (101, 117), "mknodat": (259, 33),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "kcmp": (312, 272), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "syslog": (103, 116), "acct": (163, 89),
    "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170), "adjtimex": (159, 171),
    "quotactl": (179, 60), "lookup_dcookie": (212, 18), "vhangup": (153, 58), "iopl": (172, None),
    "ioperm": (173, None), "modify_ldt": (154, None), "memfd_create": (319, 279), "move_pages": (279, 239),
    "migrate_pages": (256, 238), "mbind": (237, 235), "set_mempolicy": (238, 237), "capset": (126, 91),
    "fanotify_init": (300, 262), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "prlimit64": (302, 261),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setscheduler": (144, 119), "setfsuid": (122, 151),
    "vmsplice": (278, 75), "remap_file_pages": (216, 234), "nfsservctl": (180, 42), "ustat": (136, None),
    "sysfs": (139, None), "_sysctl": (156, None), "uselib": (134, None), "create_module": (174, None),
    "get_kernel_syms": (177, None), "query_module": (178, None), "shmget": (29, 194), "personality": (135, 92),
    "mq_open": (240, 180), "seccomp": (317, 277), "execveat": (322, 281), "getpid": (39, 172), "sched_setattr": (314, 274),
}
_NEW = {  # the same on every machine
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "openat2": 437, "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443,
    "memfd_secret": 447, "process_mrelease": 448, "set_mempolicy_home_node": 450, "cachestat": 451, "statmount": 457,
    "listmount": 458, "open_tree_attr": 467,
}


def number(name):
    if name in _NEW:
        return _NEW[name]
    return _OLD[name][0 if X86 else 1] if platform.machine() in ("x86_64", "aarch64") else None


def syscall(name, *args):
    """The raw call: (its result, errno). One that this kind of machine does not have is ENOSYS."""
    which = number(name)
    if which is None:
        return -1, errno.ENOSYS
    ctypes.set_errno(0)
    LIBC.syscall.restype = ctypes.c_long
    result = LIBC.syscall(ctypes.c_long(which), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return result, ctypes.get_errno() if result == -1 else 0


def say(text):
    line = (text + "\n").encode("utf-8", "backslashreplace")
    for fd in (1, 2):
        try:
            os.write(fd, line)
        except OSError:
            pass


def broke(what):
    say("BROKE: " + what)


def held():
    say("held")


def hunted(data):
    return HUNTED.search(data) is not None


def tried(function, *args, **options):
    """What the call gave; None where it was refused."""
    try:
        return function(*args, **options)
    except (OSError, ValueError, OverflowError, MemoryError, AttributeError):
        return None


def did(function, *args, **options):
    """Whether the call went through."""
    try:
        function(*args, **options)
    except (OSError, ValueError, OverflowError, MemoryError, AttributeError):
        return False
    return True


def read(path, most=1 << 20):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        return os.read(fd, most)
    except OSError:
        return None
    finally:
        os.close(fd)


def child(function, seconds=3.0):
    """Do it in a child of its own: the wait status, None where it did not end (it is killed) or could not start."""
    try:
        pid = os.fork()
    except OSError:
        return None
    if pid == 0:
        try:
            function()
        except BaseException:
            os._exit(99)
        os._exit(0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.005)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return None


def fill(fd, megabytes):
    """Write so many to an open file, slowly enough for somebody to look: the bytes that went through."""
    had = 0
    try:
        while had < megabytes << 20:
            had += os.write(fd, bytes(2 << 20))
            time.sleep(0.002)
    except OSError:
        pass
    return had


def fill_new(path, megabytes):
    """The same to a new file. Where none can be made, nothing went through."""
    fd = tried(os.open, path, os.O_WRONLY | os.O_CREAT)
    if fd is None:
        return 0
    try:
        return fill(fd, megabytes)
    finally:
        os.close(fd)


def hold(board, megabytes):
    """Be a process that takes so much memory, and after a while writes on the board that it still has it."""
    try:
        block = bytearray(megabytes << 20)
        block[::4096] = b"x" * len(block[::4096])
    except MemoryError:
        os._exit(1)
    time.sleep(0.8)
    os.write(board, b"x")
    time.sleep(1.2)
    os._exit(0)


def others():
    """Processes that are none of ours: the supervisor's, the test's, a bystander's."""
    found = [1, os.getppid(), TARGETS["victim"], TARGETS["grader"]]
    for name in tried(os.listdir, "/proc") or []:
        if name.isdigit():
            found.append(int(name))
    return [pid for pid in dict.fromkeys(found) if pid > 0 and pid != os.getpid()]


# So that the test can tell what is left of us afterwards, forked or executed.
LIBC.prctl(15, TARGETS["mark"].encode(), 0, 0, 0)
os.environ["HOSTILE_MARK"] = TARGETS["mark"]
