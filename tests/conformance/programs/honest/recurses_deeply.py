# Recurses far deeper than the default limit.
import sys
sys.setrecursionlimit(100_000)
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
assert down(20_000) == 20_000

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
