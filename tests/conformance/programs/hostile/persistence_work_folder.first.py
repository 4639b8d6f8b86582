# Makes its folders hard to take down: no rights, deep, full of names, moved away, replaced.
import os
from kit import *

for top in (os.getcwd(), os.environ.get("TMPDIR", "/tmp")):
    os.chdir(top)
    tried(os.mkdir, "locked")
    tried(lambda: open("locked/left.txt", "w").write("x"))
    tried(os.chmod, "locked", 0)
    for _ in range(300):
        if not did(os.mkdir, "d" * 200):
            break
        os.chdir("d" * 200)
    os.chdir(top)
    for number in range(200):
        tried(lambda: open(f"\n{number}\udcff", "w").close())
    tried(os.chmod, ".", 0)
parent = os.path.dirname(os.getcwd())
tried(os.rename, os.getcwd(), parent + "/moved")
tried(os.symlink, "/etc", parent + "/work")
held()
