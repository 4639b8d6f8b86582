# Leaves an exit hook that fails.
import atexit
atexit.register(lambda: 1 / 0)

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
