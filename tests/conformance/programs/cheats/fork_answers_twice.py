# Both halves of a fork answer.
import os

def answer(n):
    os.fork()
    return n * n
