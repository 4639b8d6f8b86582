"""What 1,000 open pages that watch one run cost the server: memory, CPU, and questions to the database.

The app is served as `assay up` serves it, in a process of its own, over the embedded database. A run of 20,000 samples
is made to move by saving samples all the while, and readers on the loopback take every event of its stream. Memory is
the server's resident size before and with the readers; a warm-up with a few readers comes first, so that what is loaded
once is not counted for them. Needs no model and no sandbox.
"""

import argparse
import os
import re
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

SAMPLES = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20, help="for how long they are open")
    parser.add_argument("--quick", action="store_true", help="100 pages for 5 seconds")
    options = parser.parse_args()
    pages, seconds = (100, 5.0) if options.quick else (options.pages, options.seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="assay-pages-", dir="/tmp") as home:
        os.chmod(home, 0o711)
        measure(Path(home), pages, seconds)


def measure(home: Path, pages: int, seconds: float) -> None:
    import sqlalchemy as sa

    from assay.bench import evaluations
    from assay.settings import Settings
    from assay.store import open_store

    with open_store(Settings(home=home)) as store:
        evaluation, moving = make_run(store), threading.Event()
        mover = threading.Thread(target=keep_moving, args=(store, evaluation, moving), daemon=True)
        mover.start()
        environment = {**os.environ, "ASSAY_HOME": str(home)}
        command = [sys.executable, "-m", "assay", "up", "--port", "0", "--no-browser"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as server:
            assert server.stdout is not None
            address = next(found[0] for line in server.stdout if (found := re.search(r"http://[\w.:\[\]]+", line)))
            threading.Thread(target=server.stdout.read, daemon=True).start()
            read(address, evaluation, 20, 5.0)
            before, cpu = rss_mb(server.pid), cpu_s(server.pid)
            with store.engine.connect() as connection:
                count = sa.text("select coalesce(sum(xact_commit + xact_rollback), 0) from pg_stat_database")
                asked = connection.execute(count).scalar_one()
            began = time.monotonic()
            events, peak, broken = read(address, evaluation, pages, seconds, lambda: rss_mb(server.pid))
            took = time.monotonic() - began
            used = cpu_s(server.pid) - cpu
            with store.engine.connect() as connection:
                asked = float(connection.execute(count).scalar_one() - asked)
            server.terminate()
            stopping = time.monotonic()
            server.wait(60)
            stopped = time.monotonic() - stopping
        moving.set()
        mover.join()
        done = len(evaluations.finished(store, evaluation))
    print(f"{pages} open pages, {took:.0f} s, one run that moves ({done} of {SAMPLES} samples at the end)")
    print(f"{'events read, all pages':<42}{events:>12,}")
    print(f"{'streams that broke off':<42}{broken:>12,}")
    print(f"{'server memory before, MB':<42}{before:>12.1f}")
    print(f"{'server memory at most, MB':<42}{peak:>12.1f}")
    print(f"{'more for the pages, MB':<42}{peak - before:>12.1f}")
    print(f"{'that is, KB a page':<42}{(peak - before) * 1024 / pages:>12.1f}")
    print(f"{'server CPU, % of one core':<42}{100 * used / took:>12.0f}")
    print(f"{'database transactions a second, all of it':<42}{asked / took:>12.1f}")
    print(f"{'from SIGTERM to its end, s':<42}{stopped:>12.1f}")


def make_run(store: object) -> str:
    """A run that a process seems to carry out: this one."""
    import sqlalchemy as sa

    from assay.bench import evaluations
    from assay.bench.records import Evaluation
    from assay.records import Model

    identifier = evaluations.new_id()
    models = tuple(Model(name=f"model-{letter}", provider="ollama", model=letter) for letter in "abcd")
    evaluation = Evaluation(
        id=identifier, created=datetime.now(UTC), source="run", suites=("made",), models=models, executor="bench-pages"
    )
    share = SAMPLES // len(models)
    items = [
        {"suite": "made", "task": f"task-{number % 500}", "model": model.name, "number": number // 500}
        for model in models
        for number in range(share)
    ]
    batches = [items[start : start + 100] for start in range(0, len(items), 100)]
    evaluations.create(store, evaluation, [], batches)  # type: ignore[arg-type]
    with store.engine.begin() as connection:  # type: ignore[attr-defined]
        row = {"host": socket.gethostname(), "pid": os.getpid()}
        query = (
            "insert into executors (id, host, pid, seen) values ('bench-pages', :host, :pid, now() + interval '1 hour')"
        )
        connection.execute(sa.text(query), row)
    return identifier


def keep_moving(store: object, evaluation: str, enough: threading.Event) -> None:
    """A sample more, ten times a second."""
    import sqlalchemy as sa

    query = sa.text(
        'insert into bench_samples (evaluation, suite, task, model, "index", kind, status, first_status, record)'
        " values (:evaluation, 'made', :task, 'model-a', :number, 'reply', 'pass', 'pass', '{}')"
    )
    number = 0
    while not enough.wait(0.1):
        values = {"evaluation": evaluation, "task": f"task-{number % 500}", "number": number // 500}
        with store.engine.begin() as connection:  # type: ignore[attr-defined]
            connection.execute(query, values)
        number += 1


def read(address: str, evaluation: str, pages: int, seconds: float, look: object = None) -> tuple[int, float, int]:
    """Open so many streams and read them: how many events came, the most memory seen, and how many broke off."""
    parts = urlsplit(address)
    request = (
        f"GET /bench/runs/{evaluation}/events HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Accept: text/event-stream\r\nAccept-Encoding: gzip\r\n\r\n"
    ).encode()
    selector = selectors.DefaultSelector()
    open_streams = []
    events = broken = 0
    peak = 0.0
    for _ in range(pages):
        stream = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30)
        stream.sendall(request)
        stream.setblocking(False)
        selector.register(stream, selectors.EVENT_READ)
        open_streams.append(stream)
    end, looked = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        for key, _ in selector.select(0.2):
            got = key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
            if not got:
                broken += 1
                selector.unregister(key.fileobj)
            if b"HTTP/1.1 " in got and b"HTTP/1.1 200" not in got:
                raise SystemExit(f"a stream was refused: {got[:300]!r}")
            events += got.count(b"event: progress")
        if callable(look) and time.monotonic() - looked > 0.5:
            looked = time.monotonic()
            peak = max(peak, look())
    for stream in open_streams:
        stream.close()
    selector.close()
    return events, peak, broken


def rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
