# Each of twelve processes stays within the limit; together they take ten times as much.
# status: ok, oom, signal
# limits: memory_mb=96 wall_s=8
import os, time
from kit import *

board = os.open("board", os.O_RDWR | os.O_CREAT | os.O_APPEND)
for _ in range(12):
    if os.fork() == 0:
        hold(board, 60)
time.sleep(2)
if os.lseek(board, 0, 2) > 3:
    broke(f"{os.lseek(board, 0, 2)} processes held 60 MB each")
held()
