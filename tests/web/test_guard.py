"""Who gets in, who is turned away, and what every answer carries."""

import re
import socket
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from assay.web.guard import LARGEST_BODY, Door
from tests.browser_fixture import WITHIN_S, Site
from tests.killing import wait_for
from tests.web.garden import Garden

Serve = Callable[..., Site]


class Browser:
    """As much of a browser as these tests need: it keeps cookies, and says what it is told to."""

    def __init__(self, site: Site) -> None:
        self.host = urlsplit(site.url).netloc
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> "Said":
        connection = HTTPConnection(self.host, timeout=WITHIN_S)
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Accept": "text/html"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        said = Said(answer.status, answer.headers, answer.read())
        connection.close()
        for one in answer.headers.get_all("set-cookie") or []:
            name, _, value = one.partition(";")[0].partition("=")
            self.cookies[name] = value
            assert "HttpOnly" in one
            assert "SameSite=Lax" in one
        return said

    def get(self, path: str, **headers: str) -> "Said":
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> "Said":
        headers = {"Content_Type": "application/x-www-form-urlencoded", **headers}
        return self.ask("POST", path, urlencode(fields).encode(), **headers)

    def token(self, path: str = "/garden/") -> str:
        found = re.search(r'name="_token" value="([^"]+)"', self.get(path).text)
        assert found
        return found[1]


class Said:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser(site)


@pytest.mark.parametrize("path", ["/", "/garden/", "/garden/beds.json", "/nothing", "/garden/fails/fault"])
def test_every_answer_forbids_inline_script_and_other_hosts(browser: Browser, path: str) -> None:
    said = browser.get(path)
    policy = said.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert said.headers["x-content-type-options"] == "nosniff"
    assert said.headers["x-frame-options"] == "DENY"
    assert said.headers["cache-control"] == "private, no-cache"
    assert "server" not in said.headers


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:8321", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", ""]
)
def test_a_name_that_points_here_by_somebody_elses_word_is_turned_away(browser: Browser, name: str) -> None:
    said = browser.get("/garden/beds.json", Host=name)
    assert said.status == 421
    assert "tomatoes" not in said.text


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST:1", "127.0.0.1:99", "127.1.2.3", "[::1]:8321", "assay.localhost"]
)
def test_every_name_of_the_loopback_is_answered(browser: Browser, name: str) -> None:
    assert browser.get("/garden/beds.json", Host=name).status == 200


def test_a_proxy_does_not_let_the_world_in_by_the_loopback_door(browser: Browser) -> None:
    said = browser.get("/garden/beds.json", X_Forwarded_For="203.0.113.9")
    assert said.status == 403
    assert "--name" in said.text


def test_a_form_of_ours_is_taken(browser: Browser, garden: Garden) -> None:
    said = browser.post("/garden/beds", {"_token": browser.token(), "bed": "peas"}, Sec_Fetch_Site="same-origin")
    assert (said.status, said.headers["location"]) == (303, "/garden/")
    assert garden.beds[-1] == "peas"


def test_a_form_with_a_file_is_taken_too(browser: Browser, garden: Garden) -> None:
    parts = {"_token": browser.token(), "bed": "leeks"}
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    )
    said = browser.ask(
        "POST", "/garden/beds", f"{body}--x--\r\n".encode(), Content_Type="multipart/form-data; boundary=x"
    )
    assert said.status == 303
    assert garden.beds[-1] == "leeks"


def test_a_script_of_ours_says_the_token_in_a_header(browser: Browser) -> None:
    browser.cookies["assay_theme"] = "dark"
    assert browser.post("/garden/beds", {"bed": "kale"}, X_Assay_Token=browser.token()).status == 303


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda token: ({}, {}), id="without a token"),
        pytest.param(lambda token: ({"_token": ""}, {}), id="with an empty one"),
        pytest.param(lambda token: ({"_token": "A" * 43}, {}), id="with one that was made up"),
        pytest.param(lambda token: ({"_token": "é"}, {}), id="with one that is none"),
        pytest.param(lambda token: ({"_token": token}, {"Cookie": ""}), id="without the cookie"),
        pytest.param(lambda token: ({"_token": token}, {"Origin": "http://evil.example"}), id="from another origin"),
        pytest.param(lambda token: ({"_token": token}, {"Origin": "null"}), id="from a sandboxed frame"),
        pytest.param(lambda token: ({"_token": token}, {"Sec_Fetch_Site": "cross-site"}), id="from another site"),
        pytest.param(lambda token: ({"_token": token}, {"Sec_Fetch_Site": "same-site"}), id="from another port"),
    ],
)
def test_a_forged_form_changes_nothing(
    browser: Browser, garden: Garden, forge: Callable[[str], tuple[dict[str, str], dict[str, str]]]
) -> None:
    fields, headers = forge(browser.token())
    said = browser.post("/garden/beds", {**fields, "bed": "weeds"}, **headers)
    assert said.status == 403
    assert "Nothing was changed." in said.text
    assert "weeds" not in garden.beds


def test_a_token_of_one_browser_is_nothing_in_another(site: Site, garden: Garden) -> None:
    mine, theirs = Browser(site), Browser(site)
    theirs.token()
    assert theirs.post("/garden/beds", {"_token": mine.token(), "bed": "weeds"}).status == 403
    assert "weeds" not in garden.beds


def test_a_cookie_that_was_changed_is_replaced(browser: Browser) -> None:
    browser.token()
    (name,) = browser.cookies
    browser.cookies[name] = "00" * 16 + "." + browser.cookies[name].partition(".")[2]
    forged = browser.cookies[name]
    browser.token()
    assert browser.cookies[name] != forged


def test_a_token_looks_different_each_time(browser: Browser) -> None:
    assert len({browser.token() for _ in range(5)}) == 5


def test_a_body_that_says_it_is_too_large_is_not_read(browser: Browser) -> None:
    said = browser.ask("POST", "/garden/beds", b"", Content_Length=str(LARGEST_BODY + 1))
    assert said.status == 413


def test_a_body_that_turns_out_too_large_is_cut_off(site: Site) -> None:
    host, _, port = urlsplit(site.url).netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=WITHIN_S) as connection:
        head = f"POST /garden/beds HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        try:
            for _ in range((LARGEST_BODY >> 20) + 2):
                connection.sendall(chunk)
        except OSError:
            pass  # it has seen enough
        assert b" 413 " in connection.recv(64)


@pytest.mark.parametrize("length", ["-1", "many", "9" * 400])
def test_a_length_that_is_none_is_refused(site: Site, length: str) -> None:
    host, _, port = urlsplit(site.url).netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=WITHIN_S) as connection:
        connection.sendall(f"POST /theme HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 4\d\d ", connection.recv(64))


def test_a_fault_of_ours_tells_the_reader_nothing_of_the_inside(browser: Browser) -> None:
    for path in ("/garden/fails/fault", "/garden/fails.json"):
        said = browser.get(path)
        assert said.status == 500
        assert "secret" not in said.text
        assert "Traceback" not in said.text
        assert "terminal" in said.text


def test_an_address_that_is_no_loopback_has_a_sign_in(tmp_path: Path) -> None:
    door = Door.at("0.0.0.0", ["assay.example"], None)
    assert not door.loopback
    assert door.answers_to("assay.example:443")
    assert door.answers_to("192.0.2.7:8321")
    assert not door.answers_to("other.example")


@pytest.mark.parametrize("path", ["/", "/garden/", "/machine.json", "/nothing-here", "/sign-in"])
def test_head_is_answered_as_get_is_without_the_page(browser: Browser, path: str) -> None:
    browser.get("/")
    got, head = browser.get(path), browser.ask("HEAD", path)
    assert head.status == got.status
    assert head.body == b""
    assert got.body
    assert head.headers["content-type"] == got.headers["content-type"]
    assert "script-src 'self'" in head.headers["content-security-policy"]


def test_head_of_a_stream_ends(site: Site) -> None:
    said = Browser(site).ask("HEAD", "/garden/growing/live")
    assert (said.status, said.body) == (200, b"")
    assert said.headers["content-type"].startswith("text/event-stream")
    wait_for(lambda: site.shell.watching == 0)
