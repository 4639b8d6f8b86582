# Takes memory in processes whose first thread has ended: of those /proc tells no size where it tells that of others.
# status: ok, oom, signal
# limits: memory_mb=96 wall_s=8
import os, threading
from kit import *

board = os.open("board", os.O_RDWR | os.O_CREAT | os.O_APPEND)

for _ in range(8):
    if os.fork() == 0:
        threading.Thread(target=hold, args=(board, 60)).start()
        syscall("exit", 0)
time.sleep(2.5)
if os.lseek(board, 0, 2) > 3:
    broke(f"{os.lseek(board, 0, 2)} processes without a first thread held 60 MB each")
held()
