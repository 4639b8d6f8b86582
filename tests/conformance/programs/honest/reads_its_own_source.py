# Looks at its own file, its module and its globals.
import inspect, sys
assert "answer" in open(__file__).read()

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1

assert inspect.getsource(answer).startswith("def answer")
assert sys.modules[__name__].answer is answer
