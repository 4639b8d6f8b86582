# Takes away all rights to what is brought out, to the folder it lies in, and to the program's folder itself.
# needs: 0
# collect: out/** *.txt
# files: *
import os
from kit import *

os.makedirs("out/closed")
for path in ("out/closed/a.txt", "out/b.txt", "c.txt"):
    open(path, "w").write("mine")
    os.chmod(path, 0)
os.chmod("out/closed", 0)
os.chmod("out", 0o100)
held()
os.chmod(".", 0)
