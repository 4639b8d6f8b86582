# Needs its share of them.
import fcntl, os
from kit import *

r, w = os.pipe()
if fcntl.fcntl(w, 1032) < 65536:
    broke(f"pipes have become small: {fcntl.fcntl(w, 1032)}")
held()
