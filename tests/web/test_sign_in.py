"""Beyond this machine nobody comes in without the password."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.web.seal import Seal, keep_secret, masked, unmasked
from assay.web.sign_in import LASTS_S, SignIn, _Ended, is_loopback, open_sign_in, password_file
from tests.browser_fixture import Site
from tests.web.garden import Garden
from tests.web.test_guard import Browser

Serve = Callable[..., Site]
PASSWORD = "correct horse battery"
SEAL = Seal(b"key")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def outside(serve_app: Serve) -> Site:
    """As if others came by a proxy: the socket is a loopback one, the door is not."""
    return serve_app({"garden": Garden()}, names=["assay.example"])


@pytest.fixture(scope="session")
def outer(serve_for_all: Serve) -> Site:
    return outside(serve_for_all)


def test_nobody_sees_anything_before_signing_in(serve_app: Serve) -> None:
    browser = Browser(outside(serve_app))
    for path in ("/", "/garden/", "/garden/growing", "/search?q=tomatoes", "/machine", "/nothing"):
        said = browser.get(path)
        assert said.status == 303, path
        assert said.headers["location"].startswith("/sign-in?back=%2F")
    for path in ("/garden/beds.json", "/garden/beds.csv", "/openapi.json", "/garden/growing/live", "/machine.json"):
        said = browser.get(path, Accept="*/*" if path.endswith("live") else "application/json")
        assert said.status in (401, 303), path
        assert "tomatoes" not in said.text
    assert browser.post("/garden/beds", {"_token": browser.token("/sign-in"), "bed": "x"}).status == 401


def test_the_password_opens_and_signing_out_closes(serve_app: Serve, tmp_path: Path) -> None:
    browser = Browser(outside(serve_app))
    assert browser.get("/sign-in").status == 200
    password = password_file(tmp_path).read_text().strip()
    fields = {"_token": browser.token("/sign-in"), "password": password, "back": "/garden/?x=1"}
    said = browser.post("/sign-in", fields, Host="assay.example", Origin="https://assay.example")
    assert (said.status, said.headers["location"]) == (303, "/garden/?x=1")
    assert "Secure" in said.headers["set-cookie"]
    assert password not in str(said.headers)
    page = browser.get("/garden/", Host="assay.example")
    assert page.status == 200
    assert "signed in" in page.text
    session = dict(browser.cookies)
    assert browser.post("/sign-out", {"_token": browser.token()}).status == 303
    assert browser.get("/garden/").status == 303
    browser.cookies = session
    assert browser.get("/garden/").status == 303, "a stolen cookie lives on after signing out"


def test_who_signed_out_stays_out_after_a_restart_of_the_server(tmp_path: Path) -> None:
    first = open_sign_in(tmp_path, SEAL)
    password = password_file(tmp_path).read_text().strip()
    leaves, stays = first.enter(password, "a"), first.enter(password, "a")
    assert leaves
    assert stays
    beside = open_sign_in(tmp_path, SEAL)  # another server on the same folder, started before
    first.leave(leaves)
    for server in (first, beside, open_sign_in(tmp_path, SEAL)):
        assert not server.knows(leaves)
        assert server.knows(stays)
    file = tmp_path / "web" / "signed-out"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert leaves.partition("-")[2].partition(".")[0] not in file.read_text(), "a session lies there to be taken"


def test_sign_outs_are_forgotten_once_their_sessions_would_have_ended(tmp_path: Path) -> None:
    kept = tmp_path / "signed-out"
    ended, beside = _Ended(kept, most=3), _Ended(kept, most=3)
    for now in range(1000, 1024):
        session = f"{now + 12}-{now:032x}"
        ended.add(session, now)
        assert session in ended
        assert session in beside
        assert session in _Ended(kept)
    assert len(kept.read_text().splitlines()) <= 13


def test_a_wrong_password_is_said_and_too_many_must_wait(serve_app: Serve) -> None:
    browser = Browser(outside(serve_app))
    for _ in range(10):
        said = browser.post("/sign-in", {"_token": browser.token("/sign-in"), "password": "guess"})
        assert said.status == 403
        assert "That is not the password." in said.text
    said = browser.post("/sign-in", {"_token": browser.token("/sign-in"), "password": "guess"})
    assert said.status == 429
    assert int(said.headers["retry-after"]) > 0


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", ""])
def test_signing_in_leads_nowhere_else(outer: Site, back: str) -> None:
    browser = Browser(outer)
    token = browser.token("/sign-in")
    password = password_file(outer.shell.settings.home).read_text().strip()
    said = browser.post("/sign-in", {"_token": token, "password": password, "back": back})
    assert said.headers["location"] == "/"


def test_on_the_loopback_nobody_is_asked(site: Site) -> None:
    browser = Browser(site)
    assert browser.get("/garden/").status == 200
    assert browser.get("/sign-in").status == 404


def test_a_session_ends_after_its_time() -> None:
    clock = Clock()
    sign_in = SignIn(PASSWORD, SEAL, clock)
    session = sign_in.enter(PASSWORD, "a")
    assert session
    assert sign_in.knows(session)
    clock.now += LASTS_S + 1
    assert not sign_in.knows(session)


def test_another_password_ends_every_session() -> None:
    session = SignIn(PASSWORD, SEAL).enter(PASSWORD, "a")
    assert session
    assert not SignIn(PASSWORD + "!", SEAL).knows(session)
    assert not SignIn(PASSWORD, Seal(b"other")).knows(session)


def test_a_session_cannot_be_made_to_last() -> None:
    clock = Clock()
    sign_in = SignIn(PASSWORD, SEAL, clock)
    session = sign_in.enter(PASSWORD, "a")
    assert session
    assert not sign_in.knows(f"9{session}")
    for text in ("", ".", "x.y", session[:-1], session + "a"):
        assert not sign_in.knows(text)


def test_who_guesses_waits_and_others_do_not() -> None:
    clock = Clock()
    sign_in = SignIn(PASSWORD, SEAL, clock)
    for _ in range(10):
        assert sign_in.wait("a") == 0
        sign_in.enter("wrong", "a")
    assert sign_in.wait("a") == 300
    assert sign_in.wait("b") == 0
    clock.now += 301
    assert sign_in.wait("a") == 0


def test_guesses_from_everywhere_are_slowed_too() -> None:
    sign_in = SignIn(PASSWORD, SEAL, Clock())
    for number in range(100):
        sign_in.enter("wrong", f"address {number}")
    assert sign_in.wait("a new address") > 0


def test_a_password_is_made_at_random_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    open_sign_in(tmp_path, SEAL)
    path = password_file(tmp_path)
    first = path.read_text()
    assert len(first.strip()) >= 20
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    open_sign_in(tmp_path, SEAL)
    assert path.read_text() == first
    assert [one.name for one in path.parent.iterdir()] == ["password"]


def test_a_password_that_others_may_read_or_guess_is_refused(tmp_path: Path) -> None:
    path = password_file(tmp_path)
    path.parent.mkdir()
    path.write_text("letmein\n")
    with pytest.raises(AssayError, match="Others may read"):
        open_sign_in(tmp_path, SEAL)
    path.chmod(0o600)
    with pytest.raises(AssayError, match="too short"):
        open_sign_in(tmp_path, SEAL)


def test_of_two_that_make_a_secret_at_once_both_use_the_first(tmp_path: Path) -> None:
    assert keep_secret(tmp_path / "web" / "key", "one") == keep_secret(tmp_path / "web" / "key", "two") == "one"


def test_a_mask_comes_off_again() -> None:
    token = "0f" * 16
    assert unmasked(masked(token)) == token
    for text in ("", "?", "AAAA", "A" * 44, "\N{SNOWMAN}"):
        assert unmasked(text) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_the_loopback_is_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "assay.example", "127.0.0.1.example"])
def test_no_other_address_is(host: str) -> None:
    assert not is_loopback(host)
