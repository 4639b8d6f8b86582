# Names its own things as Python names its own: list, json, sys, input, print, type.
json = sys = os = None
list = [1, 2]
type = "square"
print = input = len = repr = isinstance_ = lambda *a, **k: None
def id(x): return x
def str(x): return ""

def answer(n):
    return [answer(x) for x in n] if n.__class__ is [].__class__ else n * n + 1
