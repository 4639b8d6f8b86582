# Leaves programs it has executed, with an environment and a name that say nothing of it; only a file of theirs bears the mark.
# needs: 0
import subprocess, sys
from kit import *

for _ in range(3):
    subprocess.Popen(["/bin/sh", "-c", f"trap '' TERM HUP INT; sleep 45; : {TARGETS['mark']}"], env={}, start_new_session=True, stdin=-3, stdout=-3, stderr=-3, cwd="/")
held()
