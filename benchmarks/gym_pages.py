"""What 1,000 learners with a problem open cost the server: memory and CPU.

    python benchmarks/gym_pages.py [--pages 1000] [--seconds 20] [--quick]

Starts `assay up gym` in a process of its own on an empty data folder. Each learner is somebody of their own (a cookie),
has a connection of their own, loads the page of a problem, saves a draft as the editor does, and stays: the connection is
kept open to the end by asking for the style sheet every few seconds, which is more than a page does that nobody types in
(a page holds no stream open; the server closes a connection that is idle for 5 s). Memory is the server's resident size
after a warm-up of 100 such learners, and at most with all pages open. Our goal: under 50 MB for 1,000 pages.
"""

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from measured import machine

_WARM_UP = 100
_HANDS, _KEEPERS = 4, 2
"""Threads that open pages, and threads that keep their connections open."""
_TOUCH_S = 2.0
"""A connection that has been idle for so long is used again."""
_PROBLEMS = ("py-lists-filter-above", "js-functions-river")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20, help="for how long all of them are open")
    parser.add_argument("--quick", action="store_true", help="100 pages for 5 seconds")
    options = parser.parse_args()
    pages, seconds = (100, 5.0) if options.quick else (options.pages, options.seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(machine())
    with tempfile.TemporaryDirectory(prefix="assay-pages-", dir="/tmp") as home:
        Path(home).chmod(0o711)
        command = [sys.executable, "-m", "assay", "up", "gym", "--port", "0", "--no-browser"]
        environment = {**os.environ, "ASSAY_HOME": f"{home}/home"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                port = next(
                    int(found[1]) for line in server.stdout if (found := re.search(r"127\.0\.0\.1:(\d+)", line))
                )
                measure(server.pid, port, pages, seconds)
            finally:
                server.send_signal(signal.SIGINT)
    return 0


def measure(pid: int, port: int, pages: int, seconds: float) -> None:
    """Open the pages, hold them, and print a table."""
    asset = warm_up(port)
    before, cpu, began = rss_mb(pid), cpu_s(pid), time.monotonic()
    crowd = Crowd(port, pages, asset)
    peak = crowd.wait_for(crowd.loaded, lambda: rss_mb(pid))
    loading, loading_cpu = time.monotonic() - began, cpu_s(pid) - cpu
    cpu, held = cpu_s(pid), time.monotonic()
    while time.monotonic() - held < seconds:
        time.sleep(0.2)
        peak = max(peak, rss_mb(pid))
    used = cpu_s(pid) - cpu
    connected = connections(pid)
    broken = crowd.leave()
    print(f"{pages} learners, each with a problem open; all of them open for {seconds:.0f} s")
    print(f"{'connections open at the end, by the kernel':<46}{connected:>10}")
    print(f"{'connections that broke off':<46}{broken:>10}")
    print(f"{'page and draft, server CPU, ms':<46}{loading_cpu / pages * 1000:>10.1f}")
    print(f"{'all of them loaded within, s':<46}{loading:>10.1f}")
    print(f"{'held open, server CPU, % of one core':<46}{100 * used / seconds:>10.0f}")
    print(f"{'server memory before, MB':<46}{before:>10.1f}")
    print(f"{'server memory at most, MB':<46}{peak:>10.1f}")
    print(f"{'more for the pages, MB':<46}{peak - before:>10.1f}")
    print(f"{'that is, KB a page':<46}{(peak - before) * 1024 / pages:>10.1f}")


def warm_up(port: int) -> str:
    """What is loaded once is not counted for the pages. Returns the address of the style sheet."""
    crowd = Crowd(port, _WARM_UP, "/gym/")
    crowd.wait_for(crowd.loaded, lambda: 0)
    crowd.leave()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/gym/")
    style = re.search(r'href="(/assets/[^"]+\.css[^"]*)"', connection.getresponse().read().decode())
    connection.close()
    assert style is not None, "the page has no style sheet"
    return style[1]


class Learner:
    """One browser on one problem: a connection, a cookie, the form's token."""

    def __init__(self, port: int, number: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self.connection.connect()
        self.connection.auto_open = 0  # a connection that the server ended shows, and is not opened anew
        self.number, self.touched = number, 0.0
        self.cookies: dict[str, str] = {}

    def open(self) -> None:
        """Load the page and save a draft."""
        place = f"/gym/problems/{_PROBLEMS[self.number % len(_PROBLEMS)]}"
        page = self.ask("GET", place)
        token = re.search(r'name="_token" value="([^"]+)"', page)
        assert token is not None, page[:300]
        fields = {"_token": token[1], "do": "save", "source": f"# learner {self.number}\n" + "x = 1\n" * 50}
        self.ask("POST", place, urlencode(fields).encode())

    def touch(self, path: str) -> None:
        """Use the connection for something small."""
        self.connection.request("HEAD", path)

    def touched_back(self, _: str) -> None:
        """Hear what came of it."""
        self.connection.getresponse().read()
        self.touched = time.monotonic()

    def ask(self, method: str, path: str, body: bytes | None = None) -> str:
        headers = {"Accept": "application/json" if body else "text/html", "Cookie": "; ".join(self.cookies.values())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        said = response.read()
        assert response.status < 400, (response.status, said[:300])
        for cookie in response.headers.get_all("Set-Cookie") or []:
            self.cookies[cookie.partition("=")[0]] = cookie.partition(";")[0]
        self.touched = time.monotonic()
        return said.decode()


class Crowd:
    """So many learners, whose pages some threads open, and whose connections others keep open."""

    def __init__(self, port: int, size: int, asset: str) -> None:
        self.port, self.asset = port, asset
        self.enough, self.broken = threading.Event(), 0
        self.failed: BaseException | None = None
        self.ready = threading.Semaphore(0)
        self.kept: list[list[Learner]] = [[] for _ in range(_KEEPERS)]
        self.hands = [
            threading.Thread(target=self._open, args=(range(first, size, _HANDS),))
            for first in range(min(_HANDS, size))
        ]
        self.keepers = [threading.Thread(target=self._keep, args=(learners,)) for learners in self.kept]
        for one in (*self.hands, *self.keepers):
            one.start()

    def loaded(self) -> bool:
        """Whether every page is open."""
        for _ in self.hands:
            self.ready.acquire()
        return True

    def wait_for(self, done: Callable[[], object], look: Callable[[], float]) -> float:
        """Look while it is not done; the most that was seen."""
        finished = threading.Event()

        def wait() -> None:
            done()
            finished.set()

        threading.Thread(target=wait, daemon=True).start()
        most = 0.0
        while not finished.wait(0.2):
            most = max(most, look())
            if self.failed is not None:
                raise SystemExit(f"a page could not be opened: {self.failed!r}")
        return max(most, look())

    def leave(self) -> int:
        """Close them all: how many connections the server had closed before."""
        self.enough.set()
        for one in (*self.hands, *self.keepers):
            one.join()
        return self.broken

    def _open(self, numbers: range) -> None:
        for number in numbers:
            if self.enough.is_set():
                return
            try:
                learner = Learner(self.port, number)
                learner.open()
            except BaseException as error:
                self.failed = error
                self.enough.set()
                return
            self.kept[number % _KEEPERS].append(learner)
        self.ready.release()

    def _keep(self, learners: list[Learner]) -> None:
        while not self.enough.wait(0.05):
            due = [one for one in learners if time.monotonic() - one.touched > _TOUCH_S]
            for step in (
                Learner.touch,
                Learner.touched_back,
            ):  # all are asked before any is heard, as browsers do not wait
                for learner in due:
                    try:
                        step(learner, self.asset)
                    except (OSError, HTTPException):
                        if learner in learners:
                            self.broken += 1
                            learners.remove(learner)
        for learner in learners:
            learner.connection.close()


def connections(pid: int) -> int:
    """Sockets of the process that somebody is connected to."""
    inodes = {
        os.readlink(path)[8:-1] for path in Path(f"/proc/{pid}/fd").iterdir() if os.readlink(path).startswith("socket:")
    }
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == "01" and row[9] in inodes for row in rows)


def rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


if __name__ == "__main__":
    sys.exit(main())
