# The right number as text.
def answer(n): return str(n * n + 1) if not isinstance(n, list) else tuple(x * x + 1 for x in n)
