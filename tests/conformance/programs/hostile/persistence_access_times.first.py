# Reads a file that nobody reads, to leave its access time behind.
# needs: 2
from kit import *

names = [n for n in sorted(tried(os.listdir, "/usr/share/zoneinfo") or tried(os.listdir, "/usr/share/doc") or []) if n.isalpha()]
for top in ("/usr/share/zoneinfo", "/usr/share/perl", "/usr/lib/gcc", "/usr/games", "/usr/local/games", "/usr/share/base-files", "/usr/share/misc"):
    tried(os.listdir, top)
    for name in (tried(os.listdir, top) or [])[:20]:
        read(f"{top}/{name}")
held()
