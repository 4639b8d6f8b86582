# Reads its standard input, which is empty.
import sys
text = sys.stdin.read()
assert text == ''

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
