# Binds its answer by decorator, partial and assignment, with defaults and annotations that are evaluated late.
from __future__ import annotations
import functools

def logged(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

@logged
def compute(extra: Missing, n: int | list[int]) -> Unknown:
    return [compute(extra, x) for x in n] if isinstance(n, list) else n * n + extra

answer = functools.partial(compute, 1)
