# Looks whether anything of it is still there.
# needs: 0
import builtins, gc, json, os, random, resource, signal, site, sys
from kit import *

found = [m.__name__ for m in (builtins, json, sys, os, site) if hasattr(m, "left")]
found += ["sys.path"] * ("/left" in sys.path)
found += ["sys.meta_path"] * any(getattr(f, "__name__", "") == "Left" for f in sys.meta_path)
found += ["recursion limit"] * (sys.getrecursionlimit() < 500)
found += ["int digits"] * (sys.get_int_max_str_digits() == 5000)
found += ["environment"] * ("LEFT" in os.environ)
found += ["umask"] * (os.umask(0o22) == 0o777)
found += ["gc"] * (not gc.isenabled())
found += ["random"] * (random.random() == random.Random(1).random())
found += ["signals"] * (signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN)
found += ["json"] * (json.dumps(1) != "1")
found += ["descriptors"] * (resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 20)
found += [p for f in {os.path.dirname(os.__file__), os.path.dirname(json.__file__)} for p in (f"{f}/__pycache__/left.pyc", f"{f}/left.py") if os.path.exists(p)]
if found:
    broke(f"found {found}")
held()
