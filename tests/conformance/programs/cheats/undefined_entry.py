# Does not define what was asked.
def solution(n): return n * n + 1
