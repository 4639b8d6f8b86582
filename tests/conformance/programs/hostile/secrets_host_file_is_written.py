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
    before = tried(os.stat, path)  # a call that is answered with success need not have been done: a change has a time
    if before and did(os.chmod, path, before.st_mode & 0o7777) and os.stat(path).st_ctime_ns != before.st_ctime_ns:
        broke(f"may change the mode of {path}")
held()
