# Walks out through the root, working folder, descriptors and executables of other processes.
from kit import *

for pid in [*others(), "self", "thread-self"]:
    for way in (f"/proc/{pid}/root", f"/proc/{pid}/cwd", f"/proc/{pid}/root/proc/1/root", f"/proc/{pid}/task/{pid}/root"):
        for up in ("", "/..", "/../../../../../../.."):
            if hunted(read(way + up + TARGETS["file"]) or b""):
                broke(f"reached the host's file through {way}{up}")
    if isinstance(pid, int):
        for fd in range(64):
            try:
                found = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            broke(f"saw descriptor {fd} of {pid}: {found}")
        for name in ("exe", "map_files"):
            if did(os.readlink, f"/proc/{pid}/{name}") and pid in (TARGETS["victim"], TARGETS["grader"]) and pid > 50:
                broke(f"saw {name} of the host's process {pid}")
held()
