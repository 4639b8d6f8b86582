# Searches every byte of its own memory for what whoever started it had there before.
# needs: 0
import os
from kit import *

names = [n for n in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ASSAY_DATABASE_URL") if n in os.environ]
if names:
    broke(f"the environment names {names}")
try:
    maps = open("/proc/self/maps").read().splitlines()
    memory = os.open("/proc/self/mem", os.O_RDONLY)
except OSError:
    maps = []
for line in maps:
    span, rights, *rest = line.split()
    low, high = (int(x, 16) for x in span.split("-"))
    if "r" not in rights or rest[-1:] in (["[vvar]"], ["[vsyscall]"]) or high - low > 64 << 20:
        continue
    try:
        if hunted(os.pread(memory, high - low, low)):
            broke(f"the secret lies in my own memory, {line}")
    except (OSError, OverflowError):
        pass
held()
