# Gives files names that are hard to speak of: newlines, invalid UTF-8, 255 bytes, leading dashes, control characters, globs, backslashes.
# needs: 0
# collect: out/**
# files: *
import os
from kit import *

os.mkdir("out")
for name in (b"new\nline.txt", b"bad\xff\xfe.txt", b"n" * 255, b"-rf", b"--", b" ", b"...", b"..\\..\\up.txt", b"C:\\x", b"a\x1b[2J.txt", b"a\x7f\x01", "\u202etxt.exe".encode(), "\u0065\u0301".encode(), "\u00e9".encode(), b"[a-z]*?.txt", b"~", b"$HOME", b"`id`", b"a\tb", b"nul", b"\xed\xa0\x80", b"%2e%2e%2f", b"'\"", b"{}", b".hidden"):
    fd = tried(os.open, b"out/" + name, os.O_CREAT | os.O_WRONLY)
    if fd is not None:
        os.write(fd, b"mine")
        os.close(fd)
held()
