# Patches whatever of the interpreter may be shared with the next program: modules, builtins, classes, hooks, limits, memory.
# needs: 0
import builtins, ctypes, gc, json, locale, os, random, resource, signal, site, sys
from kit import *

builtins.left = json.left = sys.left = os.left = site.left = 1
sys.path.insert(0, "/left")
sys.meta_path.insert(0, type("Left", (), {"find_spec": staticmethod(lambda *a: None)}))
sys.setrecursionlimit(123)
sys.set_int_max_str_digits(5000)
os.environ["LEFT"] = "1"
os.umask(0o777)
gc.disable()
random.seed(1)
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
json.dumps = lambda *a, **k: "left"
ctypes.c_char.from_address(id(257) + 24).value = b"\x09" if False else ctypes.c_char.from_address(id(257) + 24).value
for folder in {os.path.dirname(os.__file__), os.path.dirname(json.__file__)}:
    tried(os.makedirs, f"{folder}/__pycache__", exist_ok=True)
    tried(lambda: open(f"{folder}/__pycache__/left.pyc", "w").write("x"))
    tried(lambda: open(f"{folder}/left.py", "w").write("x"))
    tried(os.utime, f"{folder}/__init__.py")
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
LIBC.prctl(1, 9, 0, 0, 0)
held()
