# Goes on writing to what is brought out, after its end: in a child, by a mapping, in a file it deletes and makes anew.
# needs: 0
# collect: out/**
# files: *
# limits: wall_s=5 cpu_s=4
import mmap, os
from kit import *

os.mkdir("out")
fd = os.open("out/grows.txt", os.O_CREAT | os.O_RDWR)
os.write(fd, b"mine")
if os.fork() == 0:
    tried(os.setsid)
    os.closerange(0, 3)
    end = time.monotonic() + 8
    while time.monotonic() < end:
        tried(os.ftruncate, fd, 8 << 20)
        tried(os.ftruncate, fd, 4)
        other = tried(os.open, "out/new.txt", os.O_CREAT | os.O_WRONLY)
        if other is not None:
            os.write(other, b"mine")
            os.close(other)
        tried(os.rename, "out/new.txt", "out/newer.txt")
    os._exit(0)
time.sleep(0.2)
held()
