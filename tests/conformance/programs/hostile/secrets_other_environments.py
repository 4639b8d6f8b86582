# Reads environment and command line of every process whose number it can guess.
from kit import *

for pid in {*others(), *range(1, 400)} - {os.getpid()}:
    for name in ("environ", "cmdline", "auxv", "stack", "syscall"):
        data = read(f"/proc/{pid}/{name}")
        if data and hunted(data):
            broke(f"/proc/{pid}/{name} gives a secret away")
    if pid in (TARGETS["victim"], TARGETS["grader"]) and pid > 50 and read(f"/proc/{pid}/cmdline"):
        broke(f"sees the command line of the host's process {pid}")
held()
