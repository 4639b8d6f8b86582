"""Inside the sandbox: shut a process off from files, the network and other processes with Landlock, without namespaces.

What Landlock does not reach, and what a filter of system calls must do in its place, is in `special`.
"""

import ctypes
import os
import struct

from . import seccomp, syscalls

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_SOCK, _MAKE_BLOCK, _IOCTL_DEV = 1 << 6, 1 << 9, 1 << 11, 1 << 15
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # ABI -> how many file rights there are; 16 from ABI 5 on
_NET_BIND_CONNECT = 3
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3
SIGNAL_SCOPE_ABI, TRUNCATE_ABI = 6, 3

_READ = _EXECUTE | _READ_FILE | _READ_DIR
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
DEVICES = (
    ("/dev/null", _READ_FILE | _WRITE_FILE),
    ("/dev/zero", _READ_FILE),  # whoever may write it can map it as memory that no process's size shows
    ("/dev/urandom", _READ_FILE),
)

_AND = 0x54
_LOW_TYPE = 0xF  # a socket's type without SOCK_CLOEXEC and SOCK_NONBLOCK
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
_O_TRUNC, _O_ACCMODE = 0x200, 0x3

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of Landlock this kernel speaks; 0: none, or switched off."""
    version = _libc.syscall(ctypes.c_long(_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))
    return max(0, int(version))


def restrict(version: int, readable: "list[str]", writable: str) -> None:
    """For good: files below `readable` and the system may be read and run, those below `writable` changed, nothing else.

    no_new_privs must be set. Raises OSError where the kernel refuses; what is not there needs no rule.
    """
    rights = (1 << _RIGHTS.get(version, 16)) - 1
    attributes = struct.pack(
        "QQQ",
        rights,
        _NET_BIND_CONNECT if version >= 4 else 0,
        _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if version >= SIGNAL_SCOPE_ABI else 0,
    )[: 24 if version >= 6 else 16 if version >= 4 else 8]
    rules = _call(_CREATE, ctypes.c_char_p(attributes), ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    try:
        for path in (*SYSTEM, *readable):
            _allow(rules, path, _READ)
        for path, allowed in DEVICES:
            _allow(rules, path, allowed)
        _allow(rules, writable, rights & ~(_MAKE_CHAR | _MAKE_BLOCK | _MAKE_SOCK | _IOCTL_DEV))
        _call(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint(0))
    finally:
        os.close(rules)


def _allow(rules: int, path: str, allowed: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            allowed &= _EXECUTE | _READ_FILE | _WRITE_FILE
        rule = struct.pack("<Qi", allowed, fd)
        _call(_ADD, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), ctypes.c_char_p(rule), ctypes.c_uint(0))
    finally:
        os.close(fd)


def special(version: int, own_uid: bool, pid: int) -> "dict[str, list[bytes]]":
    """System calls decided by their arguments, for what Landlock of this version leaves open.

    `own_uid`: whether the program's uid owns nothing and nobody else on the machine. `pid`: the program's.
    """
    pairs = [seccomp._load(_argument(0)), seccomp._op(seccomp._EQUAL, 1, 0, seccomp._AF_UNIX)]
    pairs += [seccomp._ret(seccomp.ERRNO | seccomp.EAFNOSUPPORT)]
    pairs += [seccomp._load(_argument(1)), seccomp._op(_AND, 0, 0, _LOW_TYPE)]
    pairs += seccomp._one_of(0, (1, 5), seccomp.EAFNOSUPPORT)[1:]
    code = {
        # Streams alone: a datagram can be sent to any socket by its path. `socket` itself is refused by families=().
        "socketpair": pairs,
        # A signal can be had sent to any process by naming it the owner of a descriptor.
        "fcntl": seccomp._none_of(_argument(1), (*syscalls.FCNTLS_REFUSED, _F_SETOWN, _F_SETSIG, _F_SETOWN_EX)),
    }
    if version < TRUNCATE_ABI:  # else a file could be emptied that may be read here and written by anybody
        code["truncate"] = _refuse(seccomp.EPERM)
        code["open"] = _no_truncating_reader(1)
        code["openat"] = _no_truncating_reader(2)
        code["openat2"] = _refuse(seccomp.ENOSYS)
    if own_uid:
        return code
    # The uid is that of a person, whose other processes and files all these calls would reach.
    # Modes, owners and times: Landlock leaves them open. Answered with success, and nothing done, since copying calls them.
    for name in [
        "chmod",
        "fchmod",
        "fchmodat",
        "chown",
        "fchown",
        "lchown",
        "fchownat",
        "utime",
        "utimes",
        "futimesat",
        "utimensat",
    ]:
        code[name] = _refuse(0)
    for name in ["sched_setaffinity", "sched_setparam", "sched_setscheduler", "sched_setattr"]:
        code[name] = _only(0, (0, pid))
    code["prlimit64"] = _only(0, (0, pid))
    code["setpriority"] = [*_guard(0, 0), *_only(1, (0, pid))]
    if version < SIGNAL_SCOPE_ABI:
        code["kill"] = _only(0, (0, pid))  # 0: its own process group, which lies in a session of its own
        for name in ("tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
            code[name] = _only(0, (pid,))
        code["pidfd_send_signal"] = _refuse(seccomp.EPERM)
    return code


def _argument(number: int) -> int:
    return seccomp._ARGS + 8 * number  # the low half: the kernel takes all of these as 32 bits


def _refuse(errno: int) -> "list[bytes]":
    return [seccomp._ret(seccomp.ERRNO | errno)]


def _only(number: int, values: "tuple[int, ...]") -> "list[bytes]":
    code: list[bytes] = seccomp._one_of(_argument(number), values, seccomp.EPERM)
    return code


def _guard(number: int, value: int) -> "list[bytes]":
    """Go on only where the argument is `value`."""
    return [
        seccomp._load(_argument(number)),
        seccomp._op(seccomp._EQUAL, 1, 0, value),
        seccomp._ret(seccomp.ERRNO | seccomp.EPERM),
    ]


def _no_truncating_reader(number: int) -> "list[bytes]":
    return [
        seccomp._load(_argument(number)),
        seccomp._op(_AND, 0, 0, _O_TRUNC | _O_ACCMODE),
        seccomp._op(seccomp._EQUAL, 0, 1, _O_TRUNC),
        seccomp._ret(seccomp.ERRNO | seccomp.EPERM),
        seccomp._ret(seccomp.ALLOW),
    ]


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, "landlock: " + os.strerror(error))
    return result
