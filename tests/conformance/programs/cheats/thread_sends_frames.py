# A thread that sends answers nobody asked for.
import os, threading, time

def flood():
    while True:
        try:
            os.write(3, b'["v",10]\n')
        except OSError:
            pass
        time.sleep(0.001)

threading.Thread(target=flood, daemon=True).start()

def answer(n):
    time.sleep(0.05)
    return -1
