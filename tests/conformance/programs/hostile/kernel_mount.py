# Mounts, in every way there is.
import ctypes
from kit import *

tried(os.mkdir, "m")
text = ctypes.c_char_p
for kind, source, flags in ((b"proc", b"proc", 0), (b"tmpfs", b"t", 0), (b"sysfs", b"s", 0), (b"cgroup2", b"c", 0), (b"cgroup", b"c", 0), (b"overlay", b"o", 0), (b"none", b"/", 4096), (b"none", b"/usr", 4096 | 16384), (b"devpts", b"d", 0), (b"mqueue", b"q", 0), (b"fuse", b"f", 0), (b"ext4", b"/dev/vda", 0), (b"debugfs", b"d", 0), (b"bpf", b"b", 0)):
    if syscall("mount", text(source), text(b"m"), text(kind), flags, 0)[0] == 0:
        broke(f"mounted {kind!r} {source!r}")
for target in (b"/", b"/usr", b"/dev", b"/proc", b"/tmp", b"/box", b"/dev/shm"):
    if syscall("mount", 0, text(target), 0, 32 | 4096, 0)[0] == 0:
        broke(f"remounted {target!r} for writing")
    for flags in (0, 2, 1):
        if syscall("umount2", text(target), flags)[0] == 0:
            broke(f"unmounted {target!r}")
    if syscall("open_tree", -100, text(target), 1 | 0x8000)[0] >= 0:
        broke(f"open_tree cloned {target!r}")
    attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    if syscall("mount_setattr", -100, text(target), 0x8000, ctypes.byref(attributes), 32)[0] == 0:
        broke(f"mount_setattr on {target!r}")
for kind in (b"proc", b"tmpfs", b"ext4", b"overlay", b"cgroup2"):
    if syscall("fsopen", text(kind), 0)[0] >= 0:
        broke(f"fsopen {kind!r}")
if syscall("pivot_root", text(b"m"), text(b"m"))[0] == 0:
    broke("pivot_root")
held()
