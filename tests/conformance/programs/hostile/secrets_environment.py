# Looks for the host's secrets in its own environment, and in all memory it can read as its own.
# needs: 0
import ctypes, os
from kit import *

if any(hunted(k + v) for k, v in os.environb.items()):
    broke("os.environ holds the secret")
if hunted(read("/proc/self/environ") or b""):
    broke("/proc/self/environ holds the secret")
here = ctypes.POINTER(ctypes.c_char_p).in_dll(LIBC, "environ")
while here and here[0]:
    if hunted(here[0]):
        broke("environ holds the secret")
    here = ctypes.cast(ctypes.addressof(here.contents) + 8, ctypes.POINTER(ctypes.c_char_p))
held()
