# An answer larger than anybody will read.
def answer(n): return "x" * (200 << 20)
