# Makes 3,000 names where 300 are allowed: files, folders, links, pipes, sockets.
# status: ok, output_limit
# limits: inodes=300
import os, socket
from kit import *

made = 0
for top in (os.getcwd(), os.environ.get("TMPDIR", "/tmp")):
    for number in range(1500):
        path = f"{top}/n{number}"
        kind = number % 4
        try:
            if kind == 0:
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            elif kind == 1:
                os.mkdir(path)
            elif kind == 2:
                os.symlink("x" * 100, path)
            else:
                os.mkfifo(path)
            made += 1
        except OSError:
            break
        if number % 100 == 0:
            time.sleep(0.05)
if made > 700:
    broke(f"{made} inodes")
held()
