# Starts threads as often as it can (600 at most): they count as processes do.
# needs: 0
# limits: processes=32 wall_s=10
import threading
from kit import *

threading.stack_size(65536)
gate = threading.Event()
alive = 0
for _ in range(600):
    try:
        threading.Thread(target=gate.wait, daemon=True).start()
    except RuntimeError:
        break
    alive += 1
if alive > 33:
    broke(f"{alive} threads at once")
gate.set()
held()
