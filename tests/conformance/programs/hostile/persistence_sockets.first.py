# Leaves ports and names in use: a closed connection, an abstract name, a listener in a child that outlives it.
import os, socket
from kit import *

try:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 45671))
    listener.listen()
    a = socket.create_connection(("127.0.0.1", 45671))
    b, _ = listener.accept()
    b.close()
    a.close()
except OSError:
    pass
if os.fork() == 0:
    os.setsid()
    try:
        for address in ("\0left-behind",):
            end = socket.socket(socket.AF_UNIX)
            end.bind(address)
            end.listen()
        other = socket.socket()
        other.bind(("127.0.0.1", 45672))
        other.listen()
    except OSError:
        pass
    time.sleep(5)
    os._exit(0)
time.sleep(0.1)
held()
