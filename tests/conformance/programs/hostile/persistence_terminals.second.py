# Needs one.
import stat
from kit import *

for path in ("/dev/pts/ptmx", "/dev/pts", "/dev/shm"):
    state = tried(os.stat, path)
    if state and state.st_mode & 0o777 == 0o440:
        broke(f"the rights of {path} are gone")
        tried(os.chmod, path, 0o755 if path == "/dev/pts" else 0o777)
held()
