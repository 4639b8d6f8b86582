# Prints one line of 20 MB to stderr.
import sys
sys.stderr.write('y' * (20 << 20))

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
