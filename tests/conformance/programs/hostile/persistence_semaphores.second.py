# Needs the memory that it is allowed.
# limits: memory_mb=256
from kit import *

kept = bytearray(180 << 20)
held()
