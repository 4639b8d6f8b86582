# Puts pipes, sockets and devices where files are brought out, and a writer that never writes.
# needs: 0
# collect: out/** *.txt
# files: out/plain.txt
import os, socket, stat
from kit import *

os.mkdir("out")
open("out/plain.txt", "w").write("mine")
os.mkfifo("out/pipe.txt")
os.mkfifo("pipe.txt")
end = tried(socket.socket, socket.AF_UNIX)
if end:
    tried(end.bind, "out/socket.txt")
tried(os.mknod, "out/zero.txt", stat.S_IFCHR | 0o666, os.makedev(1, 5))
tried(os.mknod, "out/disk.txt", stat.S_IFBLK | 0o666, os.makedev(254, 0))
if os.fork() == 0:
    os.setsid()
    os.open("out/pipe.txt", os.O_RDWR)
    time.sleep(30)
held()
