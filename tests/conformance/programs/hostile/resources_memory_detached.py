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
        hold(board, 60)
time.sleep(2)
if os.lseek(board, 0, 2) > 3:
    broke(f"{os.lseek(board, 0, 2)} detached processes held 60 MB each")
held()
