# The same, by processes that left their group, session and parent.
# status: ok, oom, signal
# limits: memory_mb=96 wall_s=8
import os, time
from kit import *

board = os.open("board", os.O_RDWR | os.O_CREAT | os.O_APPEND)
for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        os.chdir("/")
        try:
            block = bytearray(60 << 20)
            block[::4096] = b"x" * len(block[::4096])
        except MemoryError:
            os._exit(1)
        time.sleep(0.8)
        os.write(board, b"x")
        time.sleep(1)
        os._exit(0)
time.sleep(2)
if os.lseek(board, 0, 2) > 3:
    broke(f"{os.lseek(board, 0, 2)} detached processes held 60 MB each")
held()
