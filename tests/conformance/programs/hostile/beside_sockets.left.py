# Two programs at once: one listens on the loopback and on abstract names, the other one calls.
# limits: wall_s=6
import os, socket, threading
from kit import *


def answer(end):
    try:
        end.listen()
        end.settimeout(1.6)
        conn, _ = end.accept()
        broke("a program beside me called")
    except OSError:
        pass


threads = []
for family, kind, address in ((2, 1, ("127.0.0.1", 45680)), (10, 1, ("::1", 45681)), (1, 1, "\0beside"), (1, 5, "\0beside-packets"), (2, 1, ("0.0.0.0", 45682))):
    end = tried(socket.socket, family, kind)
    if end and did(end.bind, address):
        threads.append(threading.Thread(target=answer, args=(end,)))
        threads[-1].start()
udp = tried(socket.socket, 2, 2)
if udp and did(udp.bind, ("127.0.0.1", 45683)):
    udp.settimeout(1.6)
    if tried(udp.recv, 10):
        broke("a program beside me sent")
for thread in threads:
    thread.join()
held()
