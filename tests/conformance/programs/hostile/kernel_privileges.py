# Gains rights: capabilities by executing as uid 0, setuid programs, other users, ambient sets, securebits.
# needs: 0
import ctypes, glob, shutil, stat, subprocess
from kit import *

if LIBC.prctl(39, 0, 0, 0, 0) != 1:
    broke("no_new_privs is not set")
for bit in range(41):
    if LIBC.prctl(23, bit, 0, 0, 0) == 1 and os.getuid() == 0:
        broke(f"capability {bit} is in the bounding set of uid 0")
    if LIBC.prctl(47, 2, bit, 0, 0) == 0:
        broke(f"capability {bit} raised in the ambient set")
header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
if syscall("capset", ctypes.byref(header), ctypes.byref(data))[0] == 0:
    broke("capset gave all capabilities")
if LIBC.prctl(28, 0x2F, 0, 0, 0) == 0:
    broke("set securebits")
for user in (0, 1, 1000, 65534, 64000, 64001):
    if user != os.getuid():
        for call in (os.setuid, os.seteuid, os.setgid, lambda u: os.setresuid(u, u, u), lambda u: os.setgroups([u])):
            if did(call, user):
                broke(f"became user or group {user}")
        tried(os.chown, "main.py", user, -1)
        tried(os.chown, "main.py", -1, user)
        state = os.stat("main.py")  # a call that is answered with success need not have been done
        if user in (state.st_uid, state.st_gid) and user not in (os.getuid(), os.getgid()):
            broke(f"gave a file to {user}")
try:
    status = subprocess.run(["/bin/cat", "/proc/self/status"], capture_output=True, timeout=5).stdout
    for line in status.splitlines():
        if line.startswith((b"CapPrm", b"CapEff", b"CapInh", b"CapAmb")) and int(line.split()[1], 16):
            broke(f"a program executed has {line!r}")
except (OSError, subprocess.SubprocessError):
    pass
mine = os.getuid()
for path in ("/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/sudo", "/usr/bin/chsh"):
    if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID:
        pid = tried(os.posix_spawn, path, [path, "--version"], {})
        if pid:
            seen = read(f"/proc/{pid}/status") or b""
            for line in seen.splitlines():
                if line.startswith(b"Uid:") and set(map(int, line.split()[1:])) != {mine}:
                    broke(f"{path} runs as {line!r}")
            os.waitpid(pid, 0)
held()
