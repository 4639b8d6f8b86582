"""Models asked through a proxy that the environment names: plain, by a tunnel, with TLS on the way to it."""

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.pipeline.llm import Patience, ServerDown
from assay.pipeline.llm.gateway import Gateway
from assay.records import Message, Model, Reply, Request
from tests.servers.certificates import speaking
from tests.servers.openai import OpenAIServer
from tests.servers.raw import Line, RawServer, Talk, reply

ONCE = Patience(connect_s=5, first_token_s=20, attempts=1)
PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def _no_proxies_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def secure(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with OpenAIServer(tls=speaking(*certificate)) as server:
        yield server


def ask(url: str, times: int = 1) -> Reply:
    model = Model(name="m", provider="openai", model="model-a", url=url)
    with Gateway({}, patience=ONCE) as gateway:
        for _ in range(times):
            answer = gateway.complete(Request(model=model, messages=(Message(role="user", content="x" * 200_000),)))
    return answer


def tunnel(to: int, heads: list[bytes], status: bytes = b"200 Connection established") -> Talk:
    """A proxy that leads every tunnel to this port here."""

    def talk(line: Line, nth: int) -> None:
        heads.append(line.question())
        line.say(b"HTTP/1.1 " + status + b"\r\n\r\n")
        if status.startswith(b"200"):
            with socket.create_connection(("127.0.0.1", to)) as onward:
                back = threading.Thread(target=_pass, args=(onward, line.socket))
                back.start()
                _pass(line.socket, onward)
                back.join()

    return talk


def _pass(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def test_a_server_of_plain_http_is_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[bytes] = []

    def talk(line: Line, nth: int) -> None:
        while True:
            heads.append(line.question())
            line.say(reply("by proxy"))

    with RawServer(talk) as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}")
        assert ask("http://model.example:8080/v1", times=2).text == "by proxy"
        assert proxy.connections == 1
    assert len(heads) == 2
    assert heads[0].startswith(
        b"POST http://model.example:8080/v1/chat/completions HTTP/1.1\r\nhost: model.example:8080\r\n"
    )
    assert b"proxy-authorization: Basic " + base64.b64encode(f"me:{PASSWORD}".encode()) in heads[0]


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_a_server_of_tls_is_asked_through_a_tunnel_that_sees_nothing(
    secure: OpenAIServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    heads: list[bytes] = []
    with RawServer(tunnel(secure.port, heads)) as proxy:
        monkeypatch.setenv(variable, f"127.0.0.1:{proxy.port}")
        assert ask("https://model.example/v1", times=2).text.endswith("xxx")
        assert proxy.connections == 1
    assert heads == [b"CONNECT model.example:443 HTTP/1.1\r\nhost: model.example:443\r\n\r\n"]
    assert secure.counts().requests == 2


def test_the_certificate_at_the_tunnels_end_must_be_that_of_the_server(
    secure: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(tunnel(secure.port, [])) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(ServerDown, match=r"(?i)certificate.*another\.example"):
            ask("https://another.example/v1")
    assert secure.counts().requests == 0


def test_a_proxy_may_itself_be_spoken_to_by_tls(
    secure: OpenAIServer, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = speaking(*certificate)
    with RawServer(_in_tls(context, tunnel(secure.port, []))) as proxy:
        monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{proxy.port}")
        assert ask("https://model.example/v1").text.endswith("xxx")


def _in_tls(context: ssl.SSLContext, talk: Talk) -> Talk:
    """The same, behind TLS: what it says goes through a pair of sockets, since TLS of Python's cannot be read and written at once."""

    def wrapped(line: Line, nth: int) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs, context.wrap_socket(line.socket, server_side=True) as secured:
            speaker = threading.Thread(target=_speak, args=(talk, theirs, nth))
            speaker.start()
            _shuttle(secured, ours)
            speaker.join()

    return wrapped


def _speak(talk: Talk, connection: socket.socket, nth: int) -> None:
    with contextlib.suppress(OSError, EOFError):
        talk(Line(connection), nth)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _shuttle(secured: ssl.SSLSocket, plain: socket.socket) -> None:
    import select

    with contextlib.suppress(OSError):
        while True:
            ready = [secured] if secured.pending() else select.select([secured, plain], [], [])[0]
            for one in ready:
                data = one.recv(65536)
                if not data:
                    plain.shutdown(socket.SHUT_RDWR)
                    return
                (plain if one is secured else secured).sendall(data)


@pytest.mark.parametrize(
    ("proxy_url", "words"),
    [
        ("socks5://127.0.0.1:1080", "only proxies of http"),
        ("http://me:hunter2@127.0.0.1:1", "(?i)proxy.*(refused|connect)"),
    ],
    ids=["socks", "down"],
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy_url: str, words: str
) -> None:
    monkeypatch.setenv("all_proxy", proxy_url)
    for url in ("http://model.example/v1", "https://model.example/v1"):
        with pytest.raises(ServerDown, match=words) as caught:
            ask(url)
        assert PASSWORD not in str(caught.value) + caught.value.help


@pytest.mark.parametrize("status", [b"407 Proxy Authentication Required", b"502 Bad Gateway"])
def test_a_proxy_that_does_not_let_us_through_is_told(monkeypatch: pytest.MonkeyPatch, status: bytes) -> None:
    with RawServer(tunnel(0, [], status)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(ServerDown, match=f"The proxy before .* failed: it answered {status[:3].decode()}"):
            ask("https://model.example/v1")


def test_what_the_environment_excepts_is_asked_without_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(lambda line, nth: line.say(reply("by proxy"))) as proxy:
        monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "other.example,nobody.invalid")
        with pytest.raises(ServerDown, match=r"nobody\.invalid.* cannot be reached"):
            ask("http://nobody.invalid/v1")
        with OpenAIServer() as server:
            assert ask(server.url).text.endswith("xxx")
        assert proxy.connections == 0


@pytest.mark.parametrize("proxy_url", ["http://proxy:port", "http://[::1", "http://proxy:99999"])
def test_a_proxys_url_that_is_none_is_told_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, proxy_url: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy_url)
    with pytest.raises(AssayError, match="The proxy that the environment names for https:// cannot be understood"):
        ask("https://model.example/v1")


def test_a_proxy_of_plain_http_that_wants_a_password_pauses_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")

    with RawServer(talk) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(ServerDown, match=r"The proxy before .* failed: it answered 407"):
            ask("http://model.example/v1")
