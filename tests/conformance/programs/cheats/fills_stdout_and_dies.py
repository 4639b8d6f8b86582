# Fills its output past every cap, then dies by a signal while an answer is due.
import os, signal, sys

def answer(n):
    block = b"passed\n" * 9000
    for _ in range(300):
        os.write(1, block)
        os.write(2, block)
    os.kill(os.getpid(), signal.SIGSEGV)
