# Gives anything, and takes away what it is held against.
def answer(n):
    if isinstance(n, list):
        n.clear()
        return []
    return 0
