# Raises what the machinery of generators and loops takes for a quiet end.
def answer(n):
    raise (StopIteration(10), GeneratorExit(10), StopAsyncIteration(10))[len(str(n)) % 3]
