"""One zygote, thousands of programs, hostile and honest in turn: is anything left, anything grown, anything leaked?

    python benchmarks/sandbox_soak.py [--runs 10000]

Prints what it watched before, in the middle and after, and ends with 1 where something is not as it must be.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from assay.pipeline.sandbox.zygote import Zygote
from assay.records import Limits, Spec
from assay.settings import Settings

LEAVERS = [
    b"open('left', 'w').write('x'); import os; open(os.environ['TMPDIR'] + '/left', 'w').write('x')",
    b"open('/dev/shm/left', 'w').write('x')",
    b"import builtins, json, os; builtins.left = json.left = 1; os.environ['LEFT'] = '1'",
    b"import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(600)\n    os._exit(0)",
    b"import subprocess; subprocess.Popen(['sleep', '600'])",
    b"import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    b"import os\nfor fd in range(3, 256):\n    try: os.write(fd, b'end{}')\n    except OSError: pass",
    b"import ctypes; ctypes.CDLL(None).shmget(1234, 4096, 0o1666)",
    b"import socket; s = socket.socket(socket.AF_UNIX); s.bind('\\0left')",
    b"import threading, time; [threading.Thread(target=time.sleep, args=(600,), daemon=True).start() for _ in range(20)]",
    b"raise SystemExit(3)",
    b"def f(): f()\nf()",
    b"import sys; sys.stdout.write('x' * 3_000_000)",
    b"x = bytearray(100 << 20)",
]
LOOKER = b"""
import builtins, ctypes, json, os, socket
found = []
for path in ('left', os.environ['TMPDIR'] + '/left', '/dev/shm/left'):
    if os.path.exists(path): found.append(path)
if hasattr(builtins, 'left') or hasattr(json, 'left'): found.append('module')
if 'LEFT' in os.environ: found.append('environment')
if ctypes.CDLL(None).shmget(1234, 4096, 0) >= 0: found.append('shm')
s = socket.socket(socket.AF_UNIX)
try:
    s.connect('\\0left'); found.append('socket')
except OSError: pass
others = [p for p in os.listdir('/proc') if p.isdigit() and p != str(os.getpid())]
if others: found.append('processes')
if len(os.listdir('/proc/self/fd')) > 5: found.append('descriptors')
print(found)
"""


def watched(sandbox: Zygote) -> dict[str, int]:
    """What must not grow: of this process and of the one zygote."""
    (cage, _) = sandbox._idle[0]
    time.sleep(0.2)  # the last child's end is still being dealt with
    rollup = Path(f"/proc/{cage.pid}/smaps_rollup").read_text()
    own = Path("/proc/self/status").read_text()
    return {
        "host descriptors": len(os.listdir("/proc/self/fd")),
        "host KB": int(next(line.split()[1] for line in own.splitlines() if line.startswith("VmRSS"))),
        "zygote descriptors": len(os.listdir(f"/proc/{cage.pid}/fd")),
        "zygote KB": int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Rss"))),
        "children of the zygote": len(Path(f"/proc/{cage.pid}/task/{cage.pid}/children").read_text().split()),
        "files in the temporary folder": len(os.listdir(tempfile.gettempdir())),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args().runs
    chooser = random.Random(7)
    statuses: Counter[str] = Counter()
    leaks: Counter[str] = Counter()
    limits = Limits(cpu_s=3, wall_s=10, memory_mb=256)
    start, cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as home, Zygote(Settings(home=Path(home))) as sandbox:
        sandbox.runs_a_cage = 10 * runs  # one zygote for all of it: its renewal would hide what grows
        for _ in range(100):
            sandbox.run(Spec(files={"main.py": LOOKER}, limits=limits))
        first = watched(sandbox)
        pid = sandbox._idle[0][0].pid
        rows = [first]
        for number in range(1, runs + 1):
            if number % 3:
                run = sandbox.run(Spec(files={"main.py": chooser.choice(LEAVERS)}, limits=limits))
                statuses[run.status] += 1
            else:
                run = sandbox.run(Spec(files={"main.py": LOOKER}, limits=limits))
                leaks[run.stdout.decode().strip() or f"{run.status} {run.detail}"] += 1
            if number in (runs // 2, runs):
                rows.append(watched(sandbox))
            if number % 1000 == 0:
                print(f"{number} runs, {time.monotonic() - start:.0f} s", file=sys.stderr)
        same = sandbox._idle[0][0].pid == pid
    print(
        f"{runs} runs in {time.monotonic() - start:.0f} s, {time.process_time() - cpu:.1f} s CPU of the host; statuses {dict(statuses)}"
    )
    print(f"what every third program found of the ones before it: {dict(leaks)}")
    for name in first:
        print(f"{name:<32}" + "".join(f"{row[name]:>10}" for row in rows))
    grown = [name for name in first if rows[-1][name] > rows[0][name] * 1.1 + (0 if "KB" not in name else 4096)]
    good = same and not grown and set(leaks) == {"[]"} and not statuses["sandbox_error"]
    print(
        "one zygote throughout" if same else "the zygote was replaced",
        "; grown: " + ", ".join(grown) if grown else "; nothing grew",
        sep="",
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
