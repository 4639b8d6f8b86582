"""Web servers in the sandbox: spoken to from outside, seen by nobody else."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from assay.errors import AssayError
from assay.pipeline.sandbox import Sandbox
from assay.records import Limits, Spec
from tests.conformance.backends import opened

PYTHON = b"""
import http.server, json, threading
state = {"hits": 0}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        state["hits"] += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        answer = json.dumps({"path": self.path, "body": body, "hits": state["hits"], "header": self.headers.get("X-Test")}).encode()
        self.send_response(201)
        self.send_header("X-Made", "here")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def do_GET(self):
        if self.path == "/die":
            import os
            os._exit(3)
        if self.path == "/rubbish":
            self.wfile.write(b"this is no http\\r\\n\\r\\n")
            return
        self.send_response(200)
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        self.wfile.write(b"x" * 100)
print("starting", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""
PIECEMEAL = rb"""
import socket, threading, time
ok = b"HTTP/1.1 200 OK\r\n"
chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n"
answers = {  # what comes once, what comes for ever, with a pause of so many seconds
    b"/whole": (ok + b"Content-Length: 2\r\n\r\nhi", b"", 0),
    b"/body": (ok + b"\r\n", b"x", 0.1),
    b"/header": (ok + b"X: ", b"x", 0.1),
    b"/continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    b"/trailers": (chunked + b"0\r\n", b"X: y\r\n" * 1000, 0.01),
    b"/chunks": (chunked, b"1\r\nx\r\n" * 1000, 0.01),
    b"/much": (ok + b"\r\n", b"x" * 65536, 0),
    b"/short": (ok + b"Content-Length: 7\r\n\r\nhi", b"", 0),
    b"/minus": (chunked + b"-5\r\nhello", b"", 0),
    b"/returns": (ok + b"a:b\r" * 16000 + b"\r\n\r\n", b"", 0),
    b"/headers": ((ok + b"X: " + b"y" * 60000 + b"\r\n") * 9, b"", 0),
    b"/old": (b"HTTP/0.9 200 OK\r\n\r\nhi", b"", 0),
    b"/status": (b"HTTP/1.1 2_0_0 OK\r\n\r\nhi", b"", 0),
    b"/blank": (b" HTTP/0.9 200 OK\r\n\r\nhi", b"", 0),
    b"/tab": (b"\tHTTP/1.1 2_0_0 OK\r\n\r\nhi", b"", 0),
    b"/after-100": (b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n HTTP/0.9 200 OK\r\n\r\nhi", b"", 0),
    b"/two-returns": (ok + b"X: y\r\r\nContent-Length: 2\r\n\r\nhi", b"", 0),
    b"/endless-chunk": (chunked + b"f" * 4000 + b"\r\nhello", b"", 0),
    b"/returns-in-body": (b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + chunked + b"4\r\n\ra\rb\r\n0\r\n\r\n", b"", 0),
    b"/headless": (ok + b"X: y", b"", 0),
}
def answer(connection):
    with connection:
        first, then, pause = answers[connection.recv(65536).split(b" ")[1]]
        try:
            connection.sendall(first)
            while then:
                connection.sendall(then)
                time.sleep(pause)
        except OSError:
            pass
listening = socket.create_server(("127.0.0.1", 8000))
while True:
    threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()
"""
CROWDED = b"""
import socket, time
listening = socket.create_server(("127.0.0.1", 8000), backlog=0)
listening.accept()  # whether somebody listens
waiting = [socket.socket() for _ in range(4)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", 8000))
time.sleep(60)
"""
NODE = b"require('http').createServer((q, r) => r.end('from node ' + q.url)).listen(3000, '127.0.0.1')"
LIMITS = Limits(wall_s=60, cpu_s=20)


@pytest.fixture(scope="module", params=["zygote", "bwrap", "docker"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with opened(request.param, tmp_path_factory.mktemp("home")) as made:
        yield made


def test_a_server_answers_and_keeps_its_state(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": PYTHON}, limits=LIMITS, network="loopback"), 8000) as service:
        for hits in (1, 2, 3):
            status, headers, body = service.request("POST", "/a?b=1", {"X-Test": "yes"}, b"hello", 10)
            assert (status, headers["X-Made"]) == (201, "here")
            assert json.loads(body) == {"path": "/a?b=1", "body": "hello", "hits": hits, "header": "yes"}
        run = service.finish()
    assert run.status == "ok"
    assert run.stdout == b"starting\n"
    assert run.stderr.count(b"POST /a?b=1") == 3


def test_the_server_sees_no_request_but_those_that_were_made(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": PYTHON}, limits=LIMITS, network="loopback"), 8000) as service:
        service.request("GET", "/only", {}, b"", 10)
        assert [line.split(b'"')[1] for line in service.finish().stderr.splitlines()] == [b"GET /only HTTP/1.1"]


def test_a_header_that_stands_there_twice_is_given_twice(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": PYTHON}, limits=LIMITS, network="loopback"), 8000) as service:
        _, headers, _ = service.request("GET", "/", {}, b"", 10)
        assert headers.get_all("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [("GET", "/a b", {}), ("GET", "/\u00e9", {}), ("GE\nT", "/", {}), ("GET", "/", {"X-Test": "a\r\nb: c"})],
    ids=["space", "not ASCII", "method", "header"],
)
def test_what_is_no_request_is_the_callers_mistake_and_not_the_servers(
    sandbox: Sandbox, method: str, path: str, headers: dict[str, str]
) -> None:
    with sandbox.serve(Spec(files={"main.py": PYTHON}, limits=LIMITS, network="loopback"), 8000) as service:
        with pytest.raises(ValueError, match=r".+"):
            service.request(method, path, headers, b"", 5)
        assert service.request("GET", "/", {}, b"", 10)[0] == 200


def test_a_node_server_answers(sandbox: Sandbox) -> None:
    spec = Spec(language="javascript", main="main.js", files={"main.js": NODE}, limits=LIMITS, network="loopback")
    with sandbox.serve(spec, 3000) as service:
        assert service.request("GET", "/x", {}, b"", 10)[2] == b"from node /x"


def test_the_host_cannot_reach_the_server_and_two_servers_share_no_port(sandbox: Sandbox) -> None:
    spec = Spec(files={"main.py": PYTHON}, limits=LIMITS, network="loopback")
    with sandbox.serve(spec, 8000) as one, sandbox.serve(spec, 8000) as two:
        assert json.loads(one.request("POST", "/", {}, b"", 10)[2])["hits"] == 1
        assert json.loads(two.request("POST", "/", {}, b"", 10)[2])["hits"] == 1
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", 8000), timeout=1).close()


def test_a_server_that_dies_or_talks_rubbish_is_an_error_of_the_request(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": PYTHON}, limits=LIMITS, network="loopback"), 8000) as service:
        with pytest.raises(OSError, match="no HTTP"):
            service.request("GET", "/rubbish", {}, b"", 5)
        with pytest.raises(OSError, match=r".*"):
            service.request("GET", "/die", {}, b"", 5)
        time.sleep(0.5)  # the connection goes before the process does
        run = service.finish()
    assert (run.status, run.exit_code) == ("exit", 3)


def test_an_answer_dealt_out_in_pieces_has_one_deadline_and_one_size(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": PIECEMEAL}, limits=LIMITS, network="loopback"), 8000) as service:
        assert service.request("GET", "/whole", {}, b"", 10)[2] == b"hi"
        for path in ("/body", "/header", "/continue", "/trailers", "/chunks"):
            with pytest.raises(OSError, match=r"not whole after 0\.4 s"):
                service.request("GET", path, {}, b"", 0.4)
        with pytest.raises(OSError, match="more than 33554432 bytes"):
            service.request("GET", "/much", {}, b"", 20)
        assert service.request("GET", "/whole", {}, b"", 10)[2] == b"hi"


def test_an_answer_that_breaks_off_is_an_error_of_the_request(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": PIECEMEAL}, limits=LIMITS, network="loopback"), 8000) as service:
        with pytest.raises(OSError, match="before the end of its answer"):
            service.request("GET", "/short", {}, b"", 10)
        with pytest.raises(OSError, match="within its headers"):
            service.request("GET", "/headless", {}, b"", 10)


def test_an_answer_that_is_no_http_is_an_error_of_the_request(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": PIECEMEAL}, limits=LIMITS, network="loopback"), 8000) as service:
        for path in ("/minus", "/returns", "/old", "/status"):
            with pytest.raises(OSError, match="is no HTTP"):
                service.request("GET", path, {}, b"", 10)
        with pytest.raises(OSError, match="headers have more than 262144 bytes"):
            service.request("GET", "/headers", {}, b"", 10)
        assert service.request("GET", "/whole", {}, b"", 10)[2] == b"hi"


def test_every_head_begins_with_a_status_line_and_no_line_ends_with_two_returns(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": PIECEMEAL}, limits=LIMITS, network="loopback"), 8000) as service:
        for path in ("/blank", "/tab", "/after-100", "/two-returns", "/endless-chunk"):
            with pytest.raises(OSError, match="no HTTP"):
                service.request("GET", path, {}, b"", 10)
        assert service.request("GET", "/returns-in-body", {}, b"", 10)[2] == b"\ra\rb"


def test_requests_that_wait_for_each_other_to_connect_wait_no_longer_than_they_may(sandbox: Sandbox) -> None:
    with sandbox.serve(Spec(files={"main.py": CROWDED}, limits=LIMITS, network="loopback"), 8000) as service:
        time.sleep(0.5)
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(service.request, "GET", "/", {}, b"", 0.3) for _ in range(4)]
        assert time.monotonic() - began < 3.9  # a second is the inside's own limit; in turn it took four
        assert all(isinstance(one.exception(), OSError) for one in asked)


def test_a_server_that_does_not_start_is_told_with_what_it_said(sandbox: Sandbox) -> None:
    spec = Spec(files={"main.py": b"raise SystemExit('no port for me')"}, limits=LIMITS, network="loopback")
    with pytest.raises(AssayError, match="does not answer") as caught, sandbox.serve(spec, 8000):
        pass
    assert "no port for me" in caught.value.help


def test_a_server_is_ended_at_its_limits(sandbox: Sandbox) -> None:
    spec = Spec(files={"main.py": PYTHON}, limits=Limits(wall_s=3, cpu_s=20), network="loopback")
    with sandbox.serve(spec, 8000) as service:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                service.request("GET", "/", {}, b"", 1)
            except OSError:
                break
            time.sleep(0.05)
        assert service.finish().status == "timeout"
