# Looks into homes, the checkout, and where machines keep what is nobody's business. Opens; reads nothing.
from kit import *

for folder in ("/root", "/home", "/run/secrets", "/var/run/secrets", "/etc/kubernetes", "/etc/ssh", "/run/user", "/var/lib/docker", "/var/log", "/var/spool", "/srv", "/opt", "/mnt", "/media", "/sys", "/boot", "/proc/1", TARGETS["checkout"], TARGETS["folder"]):
    if tried(os.listdir, folder):
        broke(f"listed {folder}")
for path in ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/machine-id", "/etc/resolv.conf", "/etc/hosts", "/etc/hostname", "/.dockerenv", "/proc/cmdline", "/proc/mounts_of_the_host", TARGETS["checkout"] + "/pyproject.toml"):
    fd = tried(os.open, path, os.O_RDONLY)
    if fd is not None and path not in ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf"):
        broke(f"opened {path}")
held()
