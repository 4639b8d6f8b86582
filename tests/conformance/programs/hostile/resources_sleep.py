# Sleeps beyond its wall time, and catches what comes.
# needs: 0
# status: timeout
# limits: wall_s=1
import signal
from kit import *

for number in range(1, 65):
    try:
        signal.signal(number, lambda *a: None)
    except (OSError, ValueError):
        pass
end = time.monotonic() + 30
while time.monotonic() < end:
    time.sleep(1)
broke("slept thirty seconds")
