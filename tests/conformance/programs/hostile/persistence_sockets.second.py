# Looks for them.
import socket
from kit import *

for port in (45671, 45672):
    end = tried(socket.socket)
    if end:
        try:
            end.bind(("127.0.0.1", port))
        except PermissionError:
            pass
        except OSError as error:
            if error.errno == 98:
                broke(f"port {port} is in use or was until just now")
        end.close()
        end = socket.socket()
        if did(end.connect, ("127.0.0.1", 45672)):
            broke("the last program's server still answers")
end = tried(socket.socket, socket.AF_UNIX)
if end and did(end.connect, "\0left-behind"):
    broke("the last program's abstract socket still answers")
held()
