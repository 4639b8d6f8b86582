# Leaves sparse giants, of which nothing is real, and more bytes than are brought out.
# needs: 0
# collect: out/**
# files: *
import os, resource, signal
from kit import *

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
os.mkdir("out")
for number in range(40):
    with open(f"out/{number:02}.bin", "wb") as file:
        for size in (1 << 42, 1 << 34, 60 << 20):
            if did(file.truncate, size):
                break
held()
