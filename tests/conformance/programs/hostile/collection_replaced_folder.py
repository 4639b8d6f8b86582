# Replaces the folder that files are brought out of: by a link to the host's, by a file, by nothing.
# needs: 0
# collect: *.txt out/** **
# files: *
import os, shutil
from kit import *

here = os.getcwd()
open("a.txt", "w").write("mine")
parent = os.path.dirname(here)
for to in ("/moved", "/tmp/moved"):
    if did(os.rename, here, parent + to):
        break
tried(os.symlink, TARGETS["folder"], here)
held()
