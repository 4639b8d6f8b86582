"""What a page costs: KB sent (gzip), CPU ms a view, and whether the server's memory stays flat over many views.

    python benchmarks/web_speed.py [--views 1000] [--demo] [--quick] [PATH …]

Starts `assay up` in a process of its own on an empty data folder; with --demo, after the demo's evaluation, so that
there is something to show. The pages are those named, else the home page and every link on it and on each product's
first page. Memory is the server's resident size after a warm-up and after all views; the first load is page, style
and script together. Our goals: at most 100 KB at first load, and memory that does not grow with views.
"""

import argparse
import gzip
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

_WARM_UP = 200
_MOST_PAGES = 12
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=1000)
    parser.add_argument("--demo", action="store_true", help="evaluate the demo's recordings first")
    parser.add_argument("--quick", action="store_true", help="100 views")
    parser.add_argument("paths", nargs="*", metavar="PATH")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-web-") as folder:
        Path(folder).chmod(0o755)
        environment = {**os.environ, "ASSAY_HOME": f"{folder}/home"}
        if options.demo:
            command = [sys.executable, "-m", "assay.bench.demo"]
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        log = Path(folder, "log")
        with log.open("wb") as out:
            command = [sys.executable, "-m", "assay", "up", "--port", "0", "--no-browser"]
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            measure(process.pid, _port(process, log), options.paths, 100 if options.quick else options.views)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    return 0


def measure(pid: int, port: int, paths: list[str], views: int) -> None:
    """View the pages in turn and print a table."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    paths = paths or _found(connection)
    print(f"{'page':<60}{'KB':>8}{'KB first load':>15}{'CPU ms a view':>15}")
    for path in paths:
        body = _get(connection, path)
        assets = re.findall(r'(?:href|src)="(/assets/[^"]+)"', gzip.decompress(body).decode())
        first = len(body) + sum(len(_get(connection, asset)) for asset in assets)
        before = _cpu(pid)
        for _ in range(20):
            _get(connection, path)
        spent = (_cpu(pid) - before) / 20 * 1000
        print(f"{path[:58]:<60}{len(body) / 1000:>8.1f}{first / 1000:>15.1f}{spent:>15.1f}")
    for view in range(_WARM_UP):
        _get(connection, paths[view % len(paths)])
    before = _resident(pid)
    for view in range(views):
        _get(connection, paths[view % len(paths)])
    after = _resident(pid)
    print(f"\n{views} views of {len(paths)} pages: {before / 1e6:.1f} MB resident before, {after / 1e6:.1f} MB after")
    print(f"that is {(after - before) / views / 1000:+.2f} KB a view")


def _found(connection: HTTPConnection) -> list[str]:
    """The home page, what it leads to, and what those lead to."""
    found, looked = ["/"], 0
    while looked < len(found) and len(found) < _MOST_PAGES:
        page = gzip.decompress(_get(connection, found[looked])).decode()
        looked += 1
        for path in re.findall(r'<a [^>]*href="(/[^"#]*)"', page):
            path = path.replace("&amp;", "&")
            if path not in found and not path.endswith((".json", ".csv", ".jsonl", ".zip")) and "export" not in path:
                found.append(path)
    return found[:_MOST_PAGES]


def _get(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status >= 400:
        raise SystemExit(f"{path} answers with {answer.status}")
    return body if answer.headers["content-encoding"] == "gzip" else gzip.compress(body)


def _port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    while process.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise SystemExit(log.read_text())


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())
