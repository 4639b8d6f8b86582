# Speaks to daemons that listen on well-known paths.
import glob, socket
from kit import *

paths = ["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/run/systemd/journal/socket", "/dev/log", "/run/snapd.socket", "/run/podman/podman.sock", "/tmp/.X11-unix/X0", TARGETS["path"]]
paths += glob.glob("/run/user/*/bus") + glob.glob("/tmp/ssh-*/agent.*") + glob.glob("/run/postgresql/.s.*") + glob.glob("/tmp/.s.PGSQL*")
for path in paths:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        with tried(socket.socket, socket.AF_UNIX, kind) or open("/dev/null") as end:
            if hasattr(end, "connect") and did(end.connect, path):
                broke(f"spoke to {path}")
held()
