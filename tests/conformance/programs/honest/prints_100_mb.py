# Prints 100 MB on its way.
import sys
for _ in range(100):
    sys.stdout.write('x' * (1 << 20))

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
