# Looks for the kernel's addresses and messages.
import ctypes
from kit import *

symbols = read("/proc/kallsyms") or b""
if symbols and any(int(line.split()[0], 16) for line in symbols.splitlines()[:200]):
    broke("/proc/kallsyms gives addresses")
for path in ("/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port", "/proc/kmsg", "/dev/kmsg", "/proc/vmallocinfo", "/proc/slabinfo", "/proc/pagetypeinfo", "/proc/timer_list", "/proc/sched_debug", "/proc/kpageflags", "/proc/iomem", "/sys/kernel/notes", "/sys/kernel/debug", "/sys/kernel/tracing/trace", "/sys/firmware", "/boot/vmlinuz"):
    if did(lambda: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))):
        if path != "/proc/iomem" or any(int(l.split(b"-")[0], 16) for l in (read(path) or b"0").splitlines() if l.strip()):
            broke(f"opened {path}")
buffer = ctypes.create_string_buffer(4096)
for action in (3, 10):
    if syscall("syslog", action, buffer, 4096)[0] > 0:
        broke(f"syslog {action} told of the kernel's messages")
held()
