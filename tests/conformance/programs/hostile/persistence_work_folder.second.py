# Must find its own folders fresh.
from kit import *

names = sorted(os.listdir("."))
if set(names) - {"main.py", "kit.py", "__pycache__"}:
    broke(f"found {names[:5]}")
if os.listdir(os.environ.get("TMPDIR", ".")) and os.environ.get("TMPDIR"):
    broke(f"found {os.listdir(os.environ['TMPDIR'])[:5]} in the temporary folder")
if not did(lambda: open("mine.txt", "w").close()):
    broke("cannot write in its folder")
held()
