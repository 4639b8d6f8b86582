# A value that holds itself.
def answer(n):
    value = []
    value.append(value)
    return value
