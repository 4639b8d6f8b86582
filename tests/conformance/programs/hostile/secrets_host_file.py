# Reads one file of the host whose path it knows, in every way there is to open a file.
import ctypes, mmap, shutil, subprocess, sys
from kit import *

target, private = TARGETS["file"], TARGETS["private"]
for path in (target, private):
    ways = [path, "/." + path, "//" + path, "../" * 40 + path, "/proc/self/root" + path, "/proc/self/cwd/" + "../" * 40 + path, "/dev/fd/../../.." + path, "/old_root" + path, "/oldroot" + path, "/newroot" + path, "/mnt" + path, "/host" + path]
    for way in ways:
        if hunted(read(way) or b""):
            broke(f"read {way}")
    for link in (os.symlink, os.link):
        tried(os.unlink, "way")
        tried(link, path, "way")
        if hunted(read("way") or b""):
            broke(f"read it through {link.__name__}")
    tried(os.unlink, "way")
    if did(os.rename, path, "way"):
        broke("took it away")
        tried(os.rename, "way", path)
    for program in ("/bin/cat", "/usr/bin/head", sys.executable):
        argv = [program, path] if program != sys.executable else [program, "-c", f"print(open({path!r}).read())"]
        try:
            if hunted(subprocess.run(argv, capture_output=True, timeout=5).stdout):
                broke(f"{program} read it")
        except (OSError, subprocess.SubprocessError):
            pass
# Upwards from every folder it holds, with O_PATH.
for start in (".", "/", "/usr", "/dev", "/proc/self", "/tmp", "/box"):
    fd = tried(os.open, start, os.O_PATH | os.O_DIRECTORY)
    for _ in range(40):
        if fd is None:
            break
        file = tried(os.open, target.lstrip("/"), os.O_RDONLY, dir_fd=fd)
        if file is not None and hunted(os.read(file, 100)):
            broke(f"read it upwards from {start}")
            break
        up = tried(os.open, "..", os.O_PATH | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = up
how = (ctypes.c_uint64 * 3)(0, 0, 0)
fd, _ = syscall("openat2", -100, ctypes.c_char_p(target.encode()), ctypes.byref(how), 24)
if fd >= 0 and hunted(os.read(fd, 100)):
    broke("openat2 read it")
held()
