# Sends well-formed frames as fast as it can, for whoever counts or keeps them.
import os, threading

def flood(fd):
    block = b'["v",1,-1]\n' * 6000
    try:
        while True:
            os.write(fd, block)
    except OSError:
        pass

def answer(n):
    for fd in range(3, 16):
        threading.Thread(target=flood, args=(fd,), daemon=True).start()
    threading.Event().wait(1)
    return -1
