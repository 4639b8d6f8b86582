# Has a main guard, which is not for us.
if __name__ == '__main__':
    raise SystemExit('not to be run')

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
