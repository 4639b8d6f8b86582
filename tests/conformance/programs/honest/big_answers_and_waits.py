# Is slow to load, and collects much memory that it lets go again.
import time
time.sleep(0.3)
block = [bytes(1 << 20) for _ in range(100)]
del block

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
