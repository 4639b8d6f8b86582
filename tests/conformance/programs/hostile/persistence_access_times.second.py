# Looks for one within the last seconds.
# needs: 2
from kit import *

for top in ("/usr/share/perl", "/usr/games", "/usr/local/games", "/usr/share/base-files", "/usr/share/misc"):
    for path in (top, *(f"{top}/{n}" for n in [])):
        state = tried(os.stat, path)
        if state and 0 <= time.time() - state.st_atime < 3:
            broke(f"{path} was read a moment ago")
held()
