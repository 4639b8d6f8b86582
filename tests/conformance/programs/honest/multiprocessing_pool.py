# Uses a pool of processes.
from multiprocessing import Pool
def double(n):
    return 2 * n
def pooled():
    with Pool(2) as pool:
        return pool.map(double, [1, 2, 3])

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
