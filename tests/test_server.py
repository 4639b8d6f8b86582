"""`assay up` as a process: what it prints, where it listens, how it ends."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from assay import cli, server
from assay.errors import AssayError, UnknownName
from assay.settings import Settings
from assay.store import Store
from tests.browser_fixture import Site
from tests.killing import wait_for
from tests.web.garden import Garden

Start = Callable[..., "Up"]
WITHIN_S = 240  # a machine under load takes its time to start a process


class Up:
    """A running `assay up`."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.log = folder / "up.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "assay", "up", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def address(self) -> str:
        wait_for(lambda: " is open at " in self.said or self.process.poll() is not None, WITHIN_S)
        found = re.search(r"http://\S+:(\d+)/", self.said)
        assert found, self.said
        return f"http://127.0.0.1:{found[1]}"

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(WITHIN_S)


@pytest.fixture
def environment(store: Store, tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "ASSAY_HOME": str(tmp_path / "home"), "ASSAY_DATABASE_URL": store.url}


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    running: list[Up] = []

    def begin(*arguments: str) -> Up:
        running.append(Up(list(arguments), environment, tmp_path))
        return running[-1]

    yield begin
    for up in running:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait(30)


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`assay up` where it is not to open anything: in this process, which has imported what it needs."""
    for name in ("ASSAY_HOME", "ASSAY_DATABASE_URL"):
        monkeypatch.setenv(name, environment[name])

    def up(*arguments: str) -> "subprocess.CompletedProcess[str]":
        capsys.readouterr()
        stop = threading.Timer(WITHIN_S, os.kill, (os.getpid(), signal.SIGINT))  # should it open all the same
        stop.start()
        code = cli.run(["up", *arguments])
        stop.cancel()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return up


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=WITHIN_S) as response:
        text: str = response.read().decode()
        return text


@pytest.mark.parametrize(
    ("product", "how"),
    [((), signal.SIGINT), (("bench",), signal.SIGTERM)],
    ids=["all of it until Ctrl-C", "one product as if it were alone until SIGTERM"],
)
def test_it_opens_says_where_in_one_line_and_ends_well(
    start: Start, product: tuple[str, ...], how: signal.Signals, tmp_path: Path
) -> None:
    up = start(*product, "--port", "0")
    page = fetch(f"{up.address()}/")
    assert "<h1>" in page
    assert ("Assay <small>bench</small>" in page) == bool(product)
    kept = tmp_path / "home" / "web" / "running.json"  # for the next one, which says it
    assert json.loads(kept.read_text()) == {"address": f"{up.address()}/", "product": product[0] if product else None}
    assert up.end(how) == 0
    assert kept.read_text() == ""
    assert re.fullmatch(r"Assay is open at http://127\.0\.0\.1:\d+/ \(Ctrl-C ends it\)\n", up.said)


def test_a_second_one_on_the_same_data_folder_says_where_the_first_is(start: Start, run: Run) -> None:
    address = start("--port", "0").address()
    again = run()
    assert (again.returncode, again.stdout) == (0, f"Assay is open already: {address}/\n")
    for arguments in (["bench"], ["--port", "0"], ["--host", "0.0.0.0"]):
        refused = run(*arguments)
        assert refused.returncode == 2
        assert f"Assay is open already at {address}/." in refused.stderr


def test_after_a_kill_it_opens_again(start: Start) -> None:
    first = start("--port", "0")
    first.address()
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert "<h1>" in fetch(start("--port", "0").address())


def test_a_port_that_is_taken_is_left_where_none_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(server.listen("127.0.0.1", 0, move=False)) as taken:
        port = taken.getsockname()[1]
        with closing(server.listen("127.0.0.1", port, move=True)) as other:
            assert other.getsockname()[1] != port
        with pytest.raises(AssayError, match=f"port {port} cannot be listened on"):
            server.listen("127.0.0.1", port, move=False)


def test_a_port_that_is_taken_ends_it_where_it_was_asked_for(run: Run) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        done = run("--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "Give another one with --port" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_not_here_is_said(run: Run) -> None:
    done = run("--host", "192.0.2.1")
    assert done.returncode == 2
    assert "192.0.2.1 port 8321 cannot be listened on" in done.stderr


def test_a_product_that_is_not_there_is_refused_with_those_that_are(run: Run) -> None:
    done = run("bnech")
    assert done.returncode == 2
    assert "Did you mean bench?" in done.stderr


def test_beyond_this_machine_it_asks_for_the_password_and_says_where_it_lies(start: Start, tmp_path: Path) -> None:
    up = start("--host", "0.0.0.0", "--port", "0")
    address = up.address()
    path = tmp_path / "home" / "web" / "password"
    assert f"Sign in with the password in {path}" in up.said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in up.said
    assert 'type="password"' in fetch(f"{address}/bench/")
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(f"{address}/bench/runs.json")
    assert refused.value.code == 401
    refused.value.close()


def test_a_password_that_others_may_read_keeps_it_closed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "home" / "web" / "password"
    path.parent.mkdir(parents=True)
    path.write_text("a long enough password\n")
    path.chmod(0o644)
    done = run("--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    assert f"chmod 600 {path}" in done.stderr


def test_every_product_that_is_here_has_pages() -> None:
    assert list(server.products_here()) == server.PRODUCTS.names()
    assert list(server.products_here("bench")) == ["bench"]
    with pytest.raises(UnknownName):
        server.products_here("garden")


def test_the_demos_look_into_the_app_fetches_each_products_page(serve_app: Callable[..., Site]) -> None:
    site = serve_app({"garden": Garden()})
    pages = dict(server.fetch_pages(f"{site.url}/", {"garden": Garden()}))
    assert set(pages) == {f"{site.url}/", f"{site.url}/garden/"}
    assert all(size > 1_000 for size in pages.values())
    with pytest.raises(AssayError, match="/roses/ does not answer"):
        list(server.fetch_pages(f"{site.url}/", {"roses": Garden()}))


def test_the_demo_looks_in_without_a_terminal(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from assay import demo

    demo.look_in(Settings(home=tmp_path, database_url=store.url))
    said = capsys.readouterr().out
    assert re.search(r"✓ http://127\.0\.0\.1:\d+/bench/ answers with \d+\.\d kB", said)
    assert "Open it with `assay up`" in said


def test_a_single_file_of_courses_is_served_by_the_gym_alone(start: Start, run: Run) -> None:
    courses = Path(__file__).parent / "gym" / "pages" / "config.yaml"
    address = start("gym", "--courses", str(courses), "--port", "0").address()
    assert "Only the big ones" in fetch(f"{address}/")
    wrong = run("bench", "--courses", str(courses))
    assert wrong.returncode == 2
    assert "--courses is for the gym" in wrong.stderr


def test_a_mistake_in_the_courses_is_told_with_its_place_before_anything_opens(run: Run, tmp_path: Path) -> None:
    courses = tmp_path / "config.yaml"
    courses.write_text("schema: assay/gym@1\ncourses: none\n")
    wrong = run("gym", "--courses", str(courses))
    assert wrong.returncode != 0
    assert "config.yaml:2:" in wrong.stderr
