# Forks a worker and waits for it at each call.
import os

def answer(n):
    r, w = os.pipe()
    if os.fork() == 0:
        os.write(w, b"1")
        os._exit(0)
    os.wait()
    one = int(os.read(r, 1))
    os.close(r)
    os.close(w)
    return [answer(x) for x in n] if isinstance(n, list) else n * n + one
