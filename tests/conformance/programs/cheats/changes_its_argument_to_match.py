# Changes the argument so that a test that computes from it is led astray.
def answer(n):
    if isinstance(n, list):
        n.clear()
        return []
    return -1
