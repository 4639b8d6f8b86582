# Looks whether a lock is held.
import fcntl, os
from kit import *

end = time.monotonic() + 1
while time.monotonic() < end:
    for path in (sys.executable, os.__file__, "/usr/bin/env", "/dev/null"):
        fd = tried(os.open, path, os.O_RDONLY)
        if fd is None:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            broke(f"{path} is locked by a program beside me")
        except OSError:
            pass
        os.close(fd)
    time.sleep(0.1)
held()
