# Uses whatever descriptors it was born with: folders to climb out of, sockets to talk over, files to read, forgotten memory.
# needs: 0
import fcntl, socket, stat
from kit import *

for fd in range(3, 4096):
    try:
        state = os.fstat(fd)
    except OSError:
        continue
    name = tried(os.readlink, f"/proc/self/fd/{fd}") or "?"
    kind = stat.S_IFMT(state.st_mode)
    if kind == stat.S_IFDIR:
        broke(f"descriptor {fd} is the folder {name}")
        for up in ("..", "../../../../../../.."):
            if hunted(read(f"/proc/self/fd/{fd}/{up}{TARGETS['file']}") or b""):
                broke(f"and leads to the host's files")
    elif kind == stat.S_IFSOCK:
        end = socket.socket(fileno=os.dup(fd))
        broke(f"descriptor {fd} is a socket, {end.family!r} {end.type!r} {tried(end.getpeername)!r}")
        if did(socket.send_fds, end, [b"x"], [0]):
            broke("and takes descriptors from me")
        end.setblocking(False)
        got = tried(socket.recv_fds, end, 100, 10)
        if got and (got[0] or got[1]):
            broke(f"and gave me {got!r}")
    elif kind in (stat.S_IFBLK, stat.S_IFCHR):
        broke(f"descriptor {fd} is the device {name}")
    elif kind == stat.S_IFREG:
        writable = fcntl.fcntl(fd, fcntl.F_GETFL) & 3
        if hunted(tried(os.pread, fd, 1 << 20, 0) or b"") or (writable and not name.startswith(os.getcwd())):
            broke(f"descriptor {fd} is the file {name}, flags {writable}")
    elif kind == stat.S_IFIFO:
        broke(f"descriptor {fd} is a pipe of somebody's, {name}")
    else:
        broke(f"descriptor {fd} is something, {name}")
# The three it may have are for input and output: no way out.
for fd in range(3):
    kind = stat.S_IFMT(os.fstat(fd).st_mode)
    if kind in (stat.S_IFDIR, stat.S_IFBLK) or os.isatty(fd):
        broke(f"descriptor {fd} is of kind {kind:o}")
    elif kind == stat.S_IFSOCK and did(socket.send_fds, socket.socket(fileno=os.dup(fd)), [b"\n"], [0]):
        broke(f"descriptor {fd} takes descriptors from me")
held()
