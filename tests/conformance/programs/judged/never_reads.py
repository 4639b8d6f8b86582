# Does not read its channel, however much is sent to it.
import time

def answer(n): return -1

time.sleep(60)
