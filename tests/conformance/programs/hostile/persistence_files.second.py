# Looks for them.
from kit import *

for where, folders, names in os.walk("/"):
    if where.startswith(("/usr/lib/", "/usr/share/", "/proc/", "/sys/", "/work", "/root", "/farm", "/old_root")):
        folders.clear()
    for name in (*names, *folders):
        if TARGETS["mark"] in name and name.startswith("left-"):
            broke(f"found {where}/{name}")
            tried(os.unlink, f"{where}/{name}")
            tried(os.rmdir, f"{where}/{name}")
held()
