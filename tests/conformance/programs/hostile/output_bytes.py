# Prints what harms whoever shows it: terminal codes, NUL, invalid UTF-8, surrogates, endless combining marks, a byte-order mark.
# needs: 0
import os
from kit import *

os.write(1, b"\xef\xbb\xbf\0\x1b[2J\x1b]0;owned\x07\x1b[8m\xff\xfe\xed\xa0\x80\xf8\x88\x80\x80\x80" + "e\u0301".encode() * 500 + b"\r\n\x0c\x0b\x85\xe2\x80\xae\xe2\x80\xa8\n")
os.write(2, bytes(range(256)) + b"\n")
held()
