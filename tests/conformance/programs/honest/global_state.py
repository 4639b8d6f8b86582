# Keeps state between calls, as a cache does.
import functools
@functools.lru_cache
def square(n):
    return n * n

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
