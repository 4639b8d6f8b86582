# Makes a tree of 1,500 folders, each with a name of 200 bytes, and cycles of names.
# needs: 0
# collect: ** **/*.txt **/x/**/y
# files: *
# limits: wall_s=10
import os
from kit import *

open("first.txt", "w").write("mine")
for _ in range(1500):
    name = "d" * 200
    if not did(os.mkdir, name):
        break
    os.chdir(name)
tried(lambda: open("last.txt", "w").write("mine"))
held()
