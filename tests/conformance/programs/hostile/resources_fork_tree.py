# Every process forks, and its children too, by raw clone; each closes what it has and leaves the group.
# needs: 0
# limits: processes=32 wall_s=10
import os, time
from kit import *

board = os.open("board", os.O_RDWR | os.O_CREAT | os.O_APPEND)
for _ in range(9):  # 512 at most
    got = syscall("clone", 17, 0, 0, 0, 0)[0]
    if got == 0:
        os.write(board, b"x")
        tried(os.setsid)
    elif got < 0:
        time.sleep(0.05)
if os.getpgid(0) == os.getpid() and os.lseek(board, 0, 2) > 0 and os.getsid(0) == os.getpid() and os.environ.pop("FIRST", None) is None:
    pass
time.sleep(0.5)
count = os.lseek(board, 0, 2)
if count > 60:  # each of them alive for half a second: more than the limit lived at once
    broke(f"{count} processes")
held()
