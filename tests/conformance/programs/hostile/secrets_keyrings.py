# Reads and fills kernel keyrings, which know nothing of folders and namespaces.
import ctypes
from kit import *

for ring in (-1, -2, -3, -4, -5):
    if syscall("keyctl", 0, ring, 1)[0] > 0:  # KEYCTL_GET_KEYRING_ID
        broke(f"keyctl gave keyring {ring}")
    if syscall("add_key", ctypes.c_char_p(b"user"), ctypes.c_char_p(b"left-behind"), ctypes.c_char_p(b"x"), 1, ring)[0] > 0:
        broke(f"add_key put a key on keyring {ring}")
if syscall("request_key", ctypes.c_char_p(b"user"), ctypes.c_char_p(b"left-behind"), 0, 0)[0] > 0:
    broke("request_key found the key")
if syscall("keyctl", 22, 0, -2)[0] > 0:  # GET_PERSISTENT
    broke("keyctl gave the persistent keyring")
if read("/proc/keys") or read("/proc/key-users"):
    broke("/proc/keys can be read")
held()
