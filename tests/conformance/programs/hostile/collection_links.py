# Puts links where files are brought out: absolute, relative, chained, to folders, to itself, to nothing, to /proc.
# needs: 0
# collect: out/**
# files: out/plain.txt out/folder/inner.txt
import os
from kit import *

os.makedirs("out/folder")
for path in ("out/plain.txt", "out/folder/inner.txt"):
    open(path, "w").write("mine")
for name, target in {"absolute": TARGETS["file"], "private": TARGETS["private"], "relative": "../" * 30 + TARGETS["file"][1:], "passwd": "/etc/passwd", "up": "..", "root": "/", "loop": "loop", "nothing": "/nowhere", "proc": "/proc/self/environ", "one": "/proc/1/environ", "fd": "/proc/self/fd/0", "host": TARGETS["folder"], "magic": "/proc/self/cwd", "chained": "absolute", "inside": "plain.txt"}.items():
    os.symlink(target, f"out/{name}.txt")
held()
