# Mentions what the site module gives.
helpers = (exit, quit)

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
