# An endless generator for whoever lists it.
def answer(n):
    while True:
        yield 10
