# Climbs out by chroot and by a folder kept open across it; leaves through moved folders.
from kit import *

fd = os.open(".", os.O_RDONLY)
tried(os.mkdir, "jail")
if did(os.chroot, "jail"):
    broke("chroot")
    os.fchdir(fd)
    for _ in range(40):
        os.chdir("..")
    tried(os.chroot, ".")
    if hunted(read(TARGETS["file"]) or b""):
        broke("and out")
os.makedirs("a/b/c", exist_ok=True)
os.chdir("a/b/c")
os.rename("../../../a/b", "../../../moved")
for _ in range(40):
    os.chdir("..")
if hunted(read("." + TARGETS["file"]) or b""):
    broke("climbed out of a moved folder")
held()
