# Links files of others under its own names, and its own twice.
# needs: 0
# collect: out/**
# files: out/plain.txt
import os
from kit import *

os.mkdir("out")
open("out/plain.txt", "w").write("mine")
for number, path in enumerate((TARGETS["file"], TARGETS["private"], "/etc/passwd", "/etc/shadow", "/usr/bin/env", "/proc/self/environ", "/dev/null", sys.executable)):
    tried(os.link, path, f"out/{number}.txt")
open("out/twice.txt", "w").write("twice")
os.link("out/twice.txt", "out/again.txt")
held()
