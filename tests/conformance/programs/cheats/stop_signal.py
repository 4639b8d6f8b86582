# Stops itself for ever.
import os, signal

def answer(n):
    os.kill(os.getpid(), signal.SIGSTOP)
    return -1
