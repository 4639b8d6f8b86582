# Makes devices, and opens every one that a machine may have.
import ctypes, glob, stat
from kit import *

for mode, major, minor, name in ((stat.S_IFBLK, 254, 0, "vda"), (stat.S_IFBLK, 8, 0, "sda"), (stat.S_IFBLK, 7, 0, "loop"), (stat.S_IFCHR, 1, 1, "mem"), (stat.S_IFCHR, 10, 200, "tun"), (stat.S_IFCHR, 10, 229, "fuse"), (stat.S_IFCHR, 10, 232, "kvm")):
    for top in (".", os.environ.get("TMPDIR", "/tmp"), "/dev/shm", "/dev"):
        tried(os.unlink, f"{top}/{name}-made")
        if did(os.mknod, f"{top}/{name}-made", mode | 0o666, os.makedev(major, minor)):
            broke(f"made the device {name} in {top}" + (" and opened it" if did(os.open, f"{top}/{name}-made", os.O_RDONLY) else ""))
USUAL = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console", "core", "fd", "stdin", "stdout", "stderr", "pts", "shm", "mqueue"}
for where, folders, names in os.walk("/dev"):
    for name in names:
        path = f"{where}/{name}"
        if where == "/dev" and name in USUAL or where.startswith(("/dev/pts", "/dev/shm", "/dev/fd")):
            continue
        state = tried(os.lstat, path)
        if state and not stat.S_ISLNK(state.st_mode) and did(lambda: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))):
            broke(f"opened {path}")
for path in ("/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/mapper/control", "/dev/kvm", "/dev/fuse", "/dev/loop-control", "/dev/loop0", "/dev/vsock", "/dev/rtc0", "/dev/input/event0", "/dev/snd/timer", "/dev/hpet", "/dev/cpu/0/msr", "/dev/uinput", "/dev/userfaultfd", "/dev/console", "/dev/tty0", "/dev/tty1", "/dev/ttyS0", "/dev/hvc0", "/dev/watchdog", "/dev/btrfs-control", "/dev/autofs"):
    for mode in (os.O_RDONLY, os.O_WRONLY):
        if did(lambda: os.close(os.open(path, mode | os.O_NONBLOCK | os.O_NOCTTY))):
            broke(f"opened {path}")
before = os.stat("/dev/null").st_ctime_ns  # a call that is answered with success need not have been done
if did(os.chmod, "/dev/null", 0o666) and os.stat("/dev/null").st_ctime_ns != before:
    broke("may change the mode of /dev/null")
if did(os.unlink, "/dev/null"):
    broke("removed /dev/null")
held()
