# Looks for it.
# needs: 2
from kit import *

for path in ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts", "/usr/bin/env", "/usr", "/etc/passwd", os.__file__, sys.executable):
    state = tried(os.stat, path)
    if state is None:
        continue
    if state.st_mtime == 86400 or state.st_atime == 86400:
        broke(f"the times of {path} were set")
    elif path in ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom") and time.time() - state.st_mtime < 3:
        broke(f"{path} was touched a moment ago: the host's own device bears a mark")
    if tried(os.getxattr, path, "user.left"):
        broke(f"{path} has an attribute")
held()
