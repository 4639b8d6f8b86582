# Leaves 3,900 files, as many as it may, and more matches than files: whoever brings them out must come to an end.
# needs: 0
# collect: out/** **/* out/*/* **/*.txt
# files: *
import os
from kit import *

os.mkdir("out")
for number in range(3900):
    try:
        os.close(os.open(f"out/{number}.txt", os.O_CREAT | os.O_WRONLY))
    except OSError:
        break
held()
