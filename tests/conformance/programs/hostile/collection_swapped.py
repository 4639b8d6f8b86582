# Swaps a folder with a link to the host's while files are brought out, from processes that will not die by themselves.
# needs: 0
# collect: out/** *.txt
# files: *
# limits: cpu_s=8
import ctypes, os
from kit import *

os.makedirs("out/a")
open("out/a/public.txt", "w").write("mine")
open("top.txt", "w").write("mine")
os.symlink(TARGETS["folder"], "out/b")
os.symlink(TARGETS["file"], "link")
for _ in range(3):
    if os.fork() == 0:
        tried(os.setsid)
        os.closerange(0, 256)
        end = time.monotonic() + 6
        while time.monotonic() < end:
            LIBC.renameat2(-100, b"out/a", -100, b"out/b", 2)
            LIBC.renameat2(-100, b"top.txt", -100, b"link", 2)
        os._exit(0)
time.sleep(0.2)
held()
