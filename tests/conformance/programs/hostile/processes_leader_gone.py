# Its first thread ends; another one goes on for ever in a process that looks dead.
# needs: 0
# status: timeout
# limits: wall_s=1
import threading
from kit import *

threading.Thread(target=time.sleep, args=(30,)).start()
time.sleep(0.05)
syscall("exit", 0)
