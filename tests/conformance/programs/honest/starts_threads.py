# Starts threads, one of them for ever.
import threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
