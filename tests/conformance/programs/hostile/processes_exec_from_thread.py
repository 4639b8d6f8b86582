# Executes another program from a thread that is not its first, while others compute; that one fails.
# needs: 0
# status: exit
import threading
from kit import *


def replace():
    time.sleep(0.05)
    os.execv("/bin/sh", ["/bin/sh", "-c", "echo held; exit 4"])


threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
threading.Thread(target=replace).start()
time.sleep(20)
