# Daemonises by the book: closes what it thinks is its standard input, output and errors.
import os
for fd in (0, 1, 2):
    os.close(fd)
for fd in (0, 1, 2):
    os.open(os.devnull, os.O_RDWR)

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
