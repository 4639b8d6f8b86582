# Runs for ever and swallows every signal and exception that would end it.
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass

def answer(n):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
