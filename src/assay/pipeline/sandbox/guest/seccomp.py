"""The allow-list of `syscalls` as a seccomp filter: a balanced tree of comparisons, so that installing it is cheap.

The kernel runs the filter once for every call number when it is installed (its bitmap of calls always allowed), so a
chain of 300 comparisons would cost more than everything else in a run.
"""

import struct

from . import syscalls

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
EPERM, ENOSYS, ENOTTY, EAFNOSUPPORT, EPROTONOSUPPORT, EOPNOTSUPP = 1, 38, 25, 97, 93, 95
_LOAD, _JUMP, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGS = 0, 4, 16  # offsets in struct seccomp_data
_AF_UNIX = syscalls.FAMILIES[0]
_X32 = 0x40000000  # the bit that marks x86-64's second call table

MACHINES = {"x86_64": (0xC000003E, syscalls.X86_64), "aarch64": (0xC00000B7, syscalls.AARCH64)}


def allowed(counted: bool) -> "set[str]":
    """The names a program may call. `counted`: whether a memory cgroup counts shared memory that ends with the program."""
    names = {name for _, group in syscalls.GROUPS for name in group.split()}
    return names | set(syscalls.COUNTED.split()) if counted else names


def build(
    machine: str,
    counted: bool,
    families: "tuple[int, ...]" = syscalls.FAMILIES,
    special: "dict[str, list[bytes]] | None" = None,
    ipc: bool = True,
) -> bytes:
    """The filter for `machine` ("x86_64" or "aarch64") as bytes of struct sock_filter.

    `counted`: whether a memory cgroup counts shared memory. `ipc`: whether the program has an IPC namespace of its own.
    `special`: code that decides a call by its arguments, in place of what the list says of it.
    """
    arch, numbers = MACHINES[machine]
    verdicts = {numbers[name]: [_ret(ERRNO | ENOSYS)] for name in syscalls.NAMED_REFUSALS.split() if name in numbers}
    for name in allowed(counted and ipc):
        if name in numbers:
            verdicts[numbers[name]] = [_ret(ALLOW)]
    verdicts[numbers["clone"]] = [
        _load(_ARGS),
        _op(_ANY_BIT, 0, 1, syscalls.CLONE_REFUSED),
        _ret(ERRNO | EPERM),
        _ret(ALLOW),
    ]
    verdicts[numbers["socket"]] = _sockets(families)
    # The kernel makes both sockets of a pair before it refuses the pair.
    verdicts[numbers["socketpair"]] = _one_of(_ARGS, (_AF_UNIX,), EAFNOSUPPORT)
    verdicts[numbers["ioctl"]] = _one_of(_ARGS + 8, syscalls.IOCTLS, ENOTTY)
    verdicts[numbers["fcntl"]] = _none_of(_ARGS + 8, syscalls.FCNTLS_REFUSED)
    verdicts[numbers["preadv2"]] = _not_all_of(_ARGS + 40, (syscalls.RWF_NOWAIT,), EOPNOTSUPP)
    if not counted:
        verdicts[numbers["mmap"]] = _not_all_of(_ARGS + 24, syscalls.SHARED_ANONYMOUS, EPERM)
    for name, code in (special or {}).items():
        if name in numbers:
            verdicts[numbers[name]] = code
    program = [_load(_ARCH), _op(_EQUAL, 1, 0, arch), _ret(KILL), _load(_NUMBER)]
    if machine == "x86_64":
        program += [_op(_AT_LEAST, 0, 1, _X32), _ret(KILL)]
    return b"".join(program + _tree(_ranges(verdicts)))


def _ranges(verdicts):
    """[(first number, code)] in order; each reaches to the next one's first number."""
    ranges: list[tuple[int, list[bytes]]] = []
    for number in range(syscalls.NEWEST + 1):
        code = verdicts.get(number, [_ret(ERRNO | EPERM)])
        if not ranges or ranges[-1][1] != code:
            ranges.append((number, code))
    return [*ranges, (syscalls.NEWEST + 1, [_ret(ERRNO | ENOSYS)])]


def _tree(ranges):
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    left, right = _tree(ranges[:middle]), _tree(ranges[middle:])
    if len(left) <= 255:  # a conditional jump reaches 255 instructions
        return [_op(_AT_LEAST, len(left), 0, ranges[middle][0]), *left, *right]
    return [_op(_AT_LEAST, 0, 1, ranges[middle][0]), _op(_JUMP, 0, 0, len(left)), *left, *right]


def _sockets(families):
    """Of each family only the protocols that programs use: the rest of the kernel's network code stays out of reach."""
    blocks = []
    for family in families:
        protocols = syscalls.PROTOCOLS[family]
        blocks.append([_ret(ALLOW)] if protocols is None else _one_of(_ARGS + 16, protocols, EPROTONOSUPPORT))
    chain = []
    for place, family in enumerate(families):
        left = 2 * (len(families) - place) - 2  # instructions of the chain after this pair
        chain += [_op(_EQUAL, 0, 1, family), _op(_JUMP, 0, 0, left + 1 + sum(len(block) for block in blocks[:place]))]
    return [_load(_ARGS), *chain, _ret(ERRNO | EAFNOSUPPORT), *(op for block in blocks for op in block)]


def _one_of(offset, values, errno):
    """Allow when the argument's low half is one of `values`. (The kernel takes these arguments as 32 bits.)"""
    code = [_load(offset)]
    for place, value in enumerate(values):
        code.append(_op(_EQUAL, len(values) - place, 0, value))
    return [*code, _ret(ERRNO | errno), _ret(ALLOW)]


def _none_of(offset, values):
    """Refuse when the argument's low half is one of `values`."""
    code = [_load(offset)]
    for place, value in enumerate(values):
        code.append(_op(_EQUAL, len(values) - place, 0, value))
    return [*code, _ret(ALLOW), _ret(ERRNO | EPERM)]


def _not_all_of(offset, bits, errno):
    """Refuse when the argument's low half has all these bits."""
    checks = [_op(_ANY_BIT, 0, len(bits) - place, bit) for place, bit in enumerate(bits)]
    return [_load(offset), *checks, _ret(ERRNO | errno), _ret(ALLOW)]


def _op(code, if_true, if_false, k):
    return struct.pack("HBBI", code, if_true, if_false, k)


def _load(offset):
    return _op(_LOAD, 0, 0, offset)


def _ret(value):
    return _op(_RETURN, 0, 0, value)
