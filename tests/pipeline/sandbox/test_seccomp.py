"""The filter, run by a simulator of the kernel's own machine, on both architectures."""

import struct

import pytest

from assay.pipeline.sandbox.guest import syscalls
from assay.pipeline.sandbox.guest.seccomp import (
    ALLOW,
    EAFNOSUPPORT,
    ENOSYS,
    ENOTTY,
    EOPNOTSUPP,
    EPERM,
    EPROTONOSUPPORT,
    ERRNO,
    KILL,
    MACHINES,
    allowed,
    build,
)


def decide(program: bytes, number: int, arch: int, *arguments: int) -> int:
    """What the filter returns for a call: classic BPF as in Linux's seccomp.rst, the instructions we use."""
    code = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    data = struct.pack("IIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, k = code[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("I", data, k)
        elif operation == 0x05:
            at += k
        elif operation == 0x15:
            at += if_true if accumulator == k else if_false
        elif operation == 0x35:
            at += if_true if accumulator >= k else if_false
        elif operation == 0x45:
            at += if_true if accumulator & k else if_false
        elif operation == 0x06:
            return int(k)
        else:
            raise AssertionError(f"an instruction the filter should not hold: {operation:#x}")


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "polled"])
def test_every_call_number_gets_its_verdict(machine: str, counted: bool) -> None:
    arch, numbers = MACHINES[machine]
    program = build(machine, counted)
    names = {number: name for name, number in numbers.items()}
    refused = set(syscalls.NAMED_REFUSALS.split())
    by_argument = {"clone", "socket", "socketpair", "ioctl", "fcntl"}
    for number in range(syscalls.NEWEST + 50):
        name = names.get(number, "")
        verdict = decide(program, number, arch)
        if number > syscalls.NEWEST or name in refused:
            assert verdict == ERRNO | ENOSYS, name
        elif name in by_argument:
            continue
        elif name in allowed(counted):
            assert verdict == ALLOW, name
        else:
            assert verdict == ERRNO | EPERM, (number, name)


def test_calls_of_another_architecture_end_the_program(machine: str) -> None:
    arch, numbers = MACHINES[machine]
    for other in (0x40000003, 0x40000028, 0xC000003E, 0xC00000B7):
        if other != arch:
            assert decide(build(machine, True), numbers["read"], other) == KILL


def test_the_second_call_table_of_x86_64_ends_the_program() -> None:
    arch, numbers = MACHINES["x86_64"]
    assert decide(build("x86_64", True), numbers["read"] | 0x40000000, arch) == KILL


@pytest.mark.parametrize(
    "flag", [0x8000, 0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000], ids=hex
)
def test_no_clone_makes_a_namespace_or_a_sibling(machine: str, flag: int) -> None:
    arch, numbers = MACHINES[machine]
    program = build(machine, True)
    assert decide(program, numbers["clone"], arch, flag | 17) == ERRNO | EPERM
    assert decide(program, numbers["clone"], arch, 0x3D0F00) == ALLOW  # a thread


def test_sockets_are_of_the_named_families_and_protocols_only(machine: str) -> None:
    arch, numbers = MACHINES[machine]
    for families in ((1, 2, 10, 16), (1,), (1, 16)):
        program = build(machine, True, families)
        for family in range(46):
            for protocol in (0, 1, 6, 17, 132, 255, 262):
                verdict = decide(program, numbers["socket"], arch, family, 1, protocol)
                if family not in families:
                    assert verdict == ERRNO | EAFNOSUPPORT
                elif family == 1 or protocol == 0 or (family in (2, 10) and protocol in (6, 17)):
                    assert verdict == ALLOW, (family, protocol)
                else:
                    assert verdict == ERRNO | EPROTONOSUPPORT, (family, protocol)


def test_pairs_of_sockets_are_local_ones(machine: str) -> None:
    arch, numbers = MACHINES[machine]
    program = build(machine, True)
    verdicts = {family: decide(program, numbers["socketpair"], arch, family, 1) for family in range(46)}
    assert [family for family, verdict in verdicts.items() if verdict == ALLOW] == [1]
    assert set(verdicts.values()) == {ALLOW, ERRNO | EAFNOSUPPORT}


def test_nobody_is_told_of_files_that_others_use_or_holds_them_up(machine: str) -> None:
    arch, numbers = MACHINES[machine]
    program = build(machine, True)
    for command in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 36, 37, 38, 1030, 1031, 1032, 1033, 1034):
        assert decide(program, numbers["fcntl"], arch, 3, command) == ALLOW
    for command in (1024, 1026):
        assert decide(program, numbers["fcntl"], arch, 3, command) == ERRNO | EPERM
        assert decide(program, numbers["fcntl"], arch, 3, command | 1 << 32) == ERRNO | EPERM


def test_reading_without_waiting_does_not_tell_what_lies_in_memory(machine: str) -> None:
    arch, numbers = MACHINES[machine]
    program = build(machine, True)
    for flags, verdict in ((0, ALLOW), (1, ALLOW), (8, ERRNO | EOPNOTSUPP), (9, ERRNO | EOPNOTSUPP)):
        assert decide(program, numbers["preadv2"], arch, 3, 0, 1, 0, 0, flags) == verdict


def test_memory_shared_without_a_file_is_refused_where_nothing_counts_it(machine: str) -> None:
    arch, numbers = MACHINES[machine]
    for flags, without_a_file in ((0x21, True), (0x100021, True), (0x01, False), (0x22, False), (0x20022, False)):
        counted, polled = (
            decide(build(machine, counted), numbers["mmap"], arch, 0, 4096, 3, flags) for counted in (True, False)
        )
        assert counted == ALLOW
        assert polled == (ERRNO | EPERM if without_a_file else ALLOW), hex(flags)


def test_terminals_cannot_be_typed_into(machine: str) -> None:
    arch, numbers = MACHINES[machine]
    program = build(machine, True)
    assert decide(program, numbers["ioctl"], arch, 0, 0x5412) == ERRNO | ENOTTY  # TIOCSTI
    assert decide(program, numbers["ioctl"], arch, 0, (1 << 32) | 0x5412) == ERRNO | ENOTTY
    assert decide(program, numbers["ioctl"], arch, 0, 0x5401) == ALLOW


def test_dangerous_calls_are_not_on_the_list() -> None:
    names = allowed(True)
    assert names.isdisjoint(
        [
            "ptrace",
            "process_vm_readv",
            "process_vm_writev",
            "bpf",
            "perf_event_open",
            "userfaultfd",
            "keyctl",
            "add_key",
            "request_key",
            "mount",
            "umount2",
            "pivot_root",
            "unshare",
            "setns",
            "open_by_handle_at",
            "name_to_handle_at",
            "init_module",
            "finit_module",
            "delete_module",
            "kexec_load",
            "reboot",
            "swapon",
            "io_uring_setup",
            "io_uring_enter",
            "io_uring_register",
            "vmsplice",
            "memfd_secret",
            "pidfd_getfd",
            "kcmp",
            "chroot",
            "sync",
            "syncfs",
            "fanotify_init",
            "quotactl",
            "acct",
            "personality",
            "iopl",
            "ioperm",
            "settimeofday",
            "clock_settime",
        ]
    )
    assert "memfd_create" not in allowed(False)
    assert "shmget" not in allowed(False)


def test_the_filter_is_small_enough_to_be_installed_for_every_run(machine: str) -> None:
    assert len(build(machine, True)) // 8 < 400  # the kernel takes 4096; each instruction costs at every install


def test_both_tables_name_the_same_calls_but_for_what_arm64_never_had() -> None:
    only_x86 = set(syscalls.X86_64) - set(syscalls.AARCH64)
    assert set(syscalls.AARCH64) <= set(syscalls.X86_64)
    assert only_x86 == {
        "open",
        "stat",
        "lstat",
        "poll",
        "access",
        "pipe",
        "select",
        "dup2",
        "pause",
        "getpgrp",
        "fork",
        "vfork",
        "rename",
        "mkdir",
        "rmdir",
        "creat",
        "link",
        "unlink",
        "symlink",
        "readlink",
        "chmod",
        "chown",
        "lchown",
        "getdents",
        "alarm",
        "utime",
        "mknod",
        "futimesat",
        "epoll_create",
        "epoll_wait",
        "inotify_init",
        "utimes",
        "signalfd",
        "eventfd",
        "arch_prctl",
        "time",
    }
