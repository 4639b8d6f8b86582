# Changes the host: makes, truncates, links, renames and removes files in a folder that everybody may write to.
from kit import *

folder = TARGETS["folder"]
if did(lambda: open(folder + "/made.txt", "w").close()):
    broke("made a file on the host")
if did(os.mkdir, folder + "/made"):
    broke("made a folder on the host")
    os.rmdir(folder + "/made")
for make in (os.symlink, os.link):
    if did(make, folder + "/public.txt", folder + "/linked.txt"):
        broke(f"{make.__name__} on the host")
        tried(os.unlink, folder + "/linked.txt")
if did(os.mkfifo, folder + "/made.fifo"):
    broke("made a fifo on the host")
    os.unlink(folder + "/made.fifo")
for path in (folder + "/public.txt", folder + "/private.txt", TARGETS["checkout"] + "/pyproject.toml"):
    if did(lambda: os.close(os.open(path, os.O_WRONLY))):
        broke(f"opened {path} for writing")
    if did(os.chmod, path, os.stat(path).st_mode & 0o7777) if tried(os.stat, path) else False:
        broke(f"may change the mode of {path}")
held()
