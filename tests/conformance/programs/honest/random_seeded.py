# Uses the random module, seeded and not.
import random
random.random()
random.seed(7)
assert random.randint(1, 1) == 1

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
