# A value nested deeper than any reader wants.
def answer(n):
    value = []
    for _ in range(100000):
        value = [value]
    return value
