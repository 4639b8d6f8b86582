# Interrupts the first process of its namespace, which is a Python with a handler unless it is careful.
# status: ok
# needs: 1
import os
import signal

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM, signal.SIGCHLD, signal.SIGQUIT):
    try:
        os.kill(1, number)
    except OSError:
        pass
print("held")
