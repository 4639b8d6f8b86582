# Changes the machine: clock, host name, modules, swap, accounting, restart. Each with arguments that change nothing where it is let.
import ctypes, errno
from kit import *

text = ctypes.c_char_p
LET = lambda answer: answer[0] >= 0 or answer[1] not in (errno.EPERM, errno.ENOSYS, errno.EACCES)
timex = (ctypes.c_long * 32)(0x8001, 0)
if LET(syscall("adjtimex", ctypes.byref(timex))):
    broke("adjtimex set the clock")
if LET(syscall("clock_adjtime", 0, ctypes.byref((ctypes.c_long * 32)(0x8001, 0)))):
    broke("clock_adjtime set the clock")
name = ctypes.create_string_buffer(65)
LIBC.gethostname(name, 65)
if LET(syscall("sethostname", name, len(name.value))):
    broke("sethostname")
if LET(syscall("reboot", 1, 2, 3, 0)):
    broke("reboot looked at its arguments")
for call, arguments in (("init_module", (0, 0, 0)), ("finit_module", (-1, 0, 0)), ("delete_module", (text(b"no-such"), 0)), ("kexec_load", (0, 0, 0, 0xFFFF)), ("swapon", (text(b"/nowhere"), 0)), ("swapoff", (text(b"/nowhere"),)), ("acct", (text(b"/nowhere"),)), ("quotactl", (0x80000100, 0, 0, 0)), ("syslog", (9, 0, 0))):
    if LET(syscall(call, *arguments)):
        broke(f"{call} was let through")
held()
