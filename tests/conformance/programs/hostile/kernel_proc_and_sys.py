# Opens the kernel's switches for writing (and writes nothing).
import glob
from kit import *

paths = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug", "/proc/sys/vm/panic_on_oom", "/proc/sys/fs/binfmt_misc/register", "/proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger", "/proc/irq/0/smp_affinity", "/proc/bus/pci", "/proc/acpi", "/proc/scsi/scsi", "/proc/fs", "/proc/1/oom_score_adj", "/proc/1/uid_map", "/proc/1/mem", "/sys/kernel/uevent_helper", "/sys/power/state", "/sys/fs/cgroup/release_agent", "/sys/kernel/security", "/sys/module", "/sys/kernel/mm/transparent_hugepage/enabled", "/proc/sys/kernel/printk", "/proc/timer_stats", "/proc/self/attr/current"]
for path in paths:
    fd = tried(os.open, path, os.O_WRONLY)
    if fd is not None and path != "/proc/self/attr/current":
        broke(f"opened {path} for writing")
for top in ("/proc/sys", "/sys"):
    for where, folders, names in os.walk(top):
        for name in names[:50]:
            fd = tried(os.open, f"{where}/{name}", os.O_WRONLY)
            if fd is not None:
                os.close(fd)
                broke(f"opened {where}/{name} for writing")
held()
