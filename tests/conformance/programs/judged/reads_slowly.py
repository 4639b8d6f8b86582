# Reads its questions a byte at a time, far too slowly.
import os, threading, time

def sip():
    while True:
        for fd in range(3, 16):
            try:
                os.read(fd, 1)
            except OSError:
                pass
        time.sleep(0.05)

def answer(n):
    threading.Thread(target=sip, daemon=True).start()
    time.sleep(1)
    return -1
