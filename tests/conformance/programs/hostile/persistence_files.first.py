# Leaves files wherever it can write; the next program looks for them.
# needs: 1
from kit import *

NAMES = ("left-behind", ".left-behind", "sitecustomize.py", "left.pth")
for top in ("/", "/tmp", "/var/tmp", "/run", "/dev", "/dev/shm", "/var", "/etc", "/usr", "/usr/local", "/box", "/box/tmp", "/box/work", "/run/assay", "/proc", "/run/lock", "/home", os.getcwd(), os.environ.get("TMPDIR", "/tmp"), os.path.dirname(os.__file__), os.path.dirname(sys.executable), os.path.dirname(os.getcwd())):
    tried(lambda: open(f"{top}/left-behind-{TARGETS['mark']}", "w").write("x"))
    tried(os.mkdir, f"{top}/left-folder-{TARGETS['mark']}")
for where, folders, names in os.walk("/run"):
    tried(lambda: open(f"{where}/left-behind-{TARGETS['mark']}", "w").write("x"))
held()
