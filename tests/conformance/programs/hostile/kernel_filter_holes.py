# Asks for calls that an allow-list does not have: whatever is not refused out of hand came through the filter.
import errno
from kit import *

ALLOWED_ANSWERS = (errno.EPERM, errno.ENOSYS, errno.EACCES)
for name in ("io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd", "keyctl", "add_key", "request_key", "name_to_handle_at", "open_by_handle_at", "bpf", "perf_event_open", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "vhangup", "fsopen", "fsmount", "fsconfig", "fspick", "move_mount", "open_tree", "open_tree_attr", "mount_setattr", "mount", "umount2", "pivot_root", "setns", "pidfd_getfd", "process_vm_readv", "process_vm_writev", "kcmp", "fanotify_init", "nfsservctl", "uselib", "create_module", "get_kernel_syms", "query_module", "_sysctl", "sysfs", "ustat", "lookup_dcookie", "statmount", "listmount", "process_madvise", "set_mempolicy_home_node"):
    result, error = syscall(name, -1, -1, -1, -1, -1, -1)
    if result >= 0 or error not in ALLOWED_ANSWERS:
        broke(f"{name} came through: {result}, {errno.errorcode.get(error, error)}")
held()
