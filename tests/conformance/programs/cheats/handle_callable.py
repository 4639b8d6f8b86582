# Answers with a function, a class, an iterator, a coroutine, a module: things that can only be handed over as handles.
import sys

async def later(): return 10
things = [lambda *a: 10, type, iter([10]), later, sys, object(), NotImplemented, Ellipsis, property(), memoryview(b"10")]

def answer(n): return things[hash(str(n)) % len(things)]
