"""What a server may do to the HTTP under a reply, and what comes of it."""

import asyncio
import gc
import socket
import threading
from pathlib import Path

import pytest

from assay.errors import AssayError, ProviderError
from assay.pipeline.llm import Patience, Refused, ServerDown, Unanswered
from assay.pipeline.llm.gateway import Gateway
from assay.pipeline.llm.http import Client, Connection
from assay.records import Message, Model, Reply, Request
from tests.killing import wait_for as until
from tests.pipeline.llm.many import ask_all
from tests.servers import ScriptedReply, in_turn
from tests.servers.openai import OpenAIServer
from tests.servers.raw import HEAD, Line, RawServer, Talk, chunked, events, reply

ABOUT, TURNS = 60, 5
ONCE = Patience(connect_s=5, first_token_s=20, silence_s=20, attempts=1, reply_bytes=20_000)
TWICE = Patience(connect_s=5, first_token_s=20, silence_s=20, attempts=2, wait_s=0.01)


def model_at(url: str, **changes: object) -> Model:
    return Model.model_validate({"name": "m", "provider": "openai", "model": "model-a", "url": url, **changes})


def question(model: Model, text: str = "Write f.") -> Request:
    return Request(model=model, messages=(Message(role="user", content=text),))


def ask(talk: Talk, patience: Patience = ONCE) -> Reply:
    with RawServer(talk) as server, Gateway({}, patience=patience) as gateway:
        return gateway.complete(question(model_at(server.url)))


def saying(data: bytes) -> Talk:
    """Answers each connection's first question so, and closes it."""

    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(data)

    return talk


def flooding(first: bytes, data: bytes) -> Talk:
    """Answers so, and then without end."""

    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(first)
        line.say_for_ever(data)

    return talk


# ---- answers that are none -----------------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (OK + b"content-length: 5\r\ncontent-length: 50\r\n\r\nhello", "not HTTP"),
        (OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "not HTTP"),
        (OK + b"content-length: -1\r\n\r\n", "not HTTP"),
        (OK + b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n", "not HTTP"),
        (OK + b"transfer-encoding: chunked\r\n\r\nxyz\r\n", "not HTTP"),
        (OK + b"a header without a colon\r\n\r\n", "not HTTP"),
        (OK + b"x: y\x00z\r\n\r\n", "not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "another protocol"),
        (OK + b"content-length: 500\r\n\r\ndata: {", "broke off"),
        (HEAD + b"5\r\ndata", "broke off"),
        (OK, "broke off"),
        (b"", "closed the connection"),
        (OK + b"content-length: 0\r\n\r\n", "no reply"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "status 204"),
        (
            HEAD.replace(b"chunked\r\n", b"chunked\r\ncontent-encoding: gzip\r\n") + chunked(b"\x1f\x8b\x08"),
            "compressed by gzip",
        ),
    ],
    ids=[
        "two lengths",
        "a length and chunks",
        "a length below zero",
        "an enormous chunk",
        "a chunk of no size",
        "a header without a colon",
        "a zero byte in a header",
        "another protocol",
        "half a status",
        "a change of protocol",
        "half a body",
        "half a chunk",
        "half a head",
        "nothing",
        "an empty body",
        "a status without a body",
        "compressed though asked for plain",
    ],
)
def test_an_answer_that_is_none_is_told_in_words(data: bytes, words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        ask(saying(data))


@pytest.mark.parametrize(
    ("first", "data"),
    [
        (OK, b"x: y\r\n"),
        (OK + b"x: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (HEAD + b"5;", b"a=b;"),
        (HEAD + b"0\r\n", b"x: y\r\n"),
        (b"HTTP/1.1 200 ", b"O"),
    ],
    ids=["head", "line of the head", "interim answers", "chunk's extension", "trailers", "words of a status"],
)
def test_what_carries_no_reply_and_never_ends_is_not_read_on(first: bytes, data: bytes) -> None:
    with pytest.raises(ServerDown, match=r"KB that belong to no reply|not HTTP"):
        ask(flooding(first, data))


@pytest.mark.parametrize(
    "data",
    [b"4\r\n: x\n\r\n", b"1\r\nx\r\n", b"a\r\n\n\n\n\n\n\n\n\n\n\n\r\n"],
    ids=["keep-alives", "one line", "blank lines"],
)
def test_a_body_that_never_ends_is_not_read_on(data: bytes) -> None:
    with pytest.raises(Refused, match=r"more than 0\.0191 MB"):
        ask(flooding(HEAD, data))


def test_an_error_whose_words_never_end_is_told_by_its_beginning() -> None:
    head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
    with pytest.raises(Refused, match="400: nonono"):
        ask(flooding(head, b"2\r\nno\r\n"))


def test_a_connection_that_is_reset_is_told_in_words() -> None:
    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(HEAD)
        line.reset()

    with pytest.raises(ServerDown, match=r"dropped the connection: .*reset"):
        ask(talk)


# ---- answers that are good -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        OK + b"content-length: %d\r\n\r\n" % len(events("hi")) + events("hi"),
        b"HTTP/1.0 200 OK\r\n\r\n" + events("hi"),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n" + reply("hi"),
        HEAD + b"".join(b"1;x=y\r\n%c\r\n" % byte for byte in events("hi")) + b"0\r\nx-sum: 1\r\n\r\n",
        HEAD.replace(b"\r\ncontent", b"\r\nCONTENT").replace(b"chunked", b"Chunked") + chunked(events("hi")),
    ],
    ids=["a length", "until the end", "interim answers", "byte by byte, with extensions and trailers", "capitals"],
)
def test_every_form_of_a_body_is_read(data: bytes) -> None:
    assert ask(saying(data)).text == "hi"


def test_pieces_that_follow_quickly_are_handed_over_together_and_all_of_them() -> None:
    pieces = [b"%d " % number for number in range(200)]

    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(HEAD)
        for piece in pieces:
            line.say(b"%x\r\n%b\r\n" % (len(piece), piece))
        line.say(b"0\r\n\r\n")

    async def read(url: str) -> list[bytes]:
        client = Client(url, {}, 5)
        answer = await client.send("POST", "/chat/completions", b"{}")
        parts = []
        while part := await answer.read(gather=True):
            parts.append(part)
        assert answer.whole
        client.release(answer)
        client.close()
        return parts

    with RawServer(talk) as server:
        parts = asyncio.run(read(server.url))
    assert b"".join(parts) == b"".join(pieces)
    assert len(parts) < 100


def test_pieces_that_nothing_follows_are_handed_over_all_the_same() -> None:
    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(HEAD + b"2\r\nhi\r\n")
        line.question()  # never comes

    async def read(url: str) -> bytes:
        client = Client(url, {}, 5)
        answer = await client.send("POST", "/chat/completions", b"{}")
        while not answer.received > len(HEAD):
            await asyncio.sleep(0.01)
        async with asyncio.timeout(30):
            part = await answer.read(gather=True)
        client.release(answer)
        return part

    with RawServer(talk) as server:
        assert asyncio.run(read(server.url)) == b"hi"


def test_a_server_is_made_to_wait_for_a_reader_that_is_slow() -> None:
    said = 0

    def talk(line: Line, nth: int) -> None:
        nonlocal said
        line.question()
        line.say(HEAD)
        while True:
            line.say(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            said += 65536

    async def dawdle(url: str) -> None:
        client = Client(url, {}, 5)
        answer = await client.send("POST", "/chat/completions", b"{}")
        heard = -1
        while heard != answer.received:
            heard = answer.received
            await asyncio.sleep(0.05)
        assert heard < 2 << 20
        assert await answer.read()
        while heard == answer.received:  # it goes on
            await asyncio.sleep(0.01)
        client.release(answer)
        client.close()

    with RawServer(talk) as server:
        asyncio.run(dawdle(server.url))
    assert said < 64 << 20  # what the kernel holds, and we


# ---- connections that are kept -------------------------------------------------------------------------------------


def two_replies(talk: Talk, patience: Patience = ONCE) -> tuple[Reply, Reply, int]:
    with RawServer(talk) as server, Gateway({}, patience=patience) as gateway:
        first = gateway.complete(question(model_at(server.url), "one"))
        return first, gateway.complete(question(model_at(server.url), "two")), server.connections


@pytest.mark.parametrize(
    "more",
    [b"garbage", reply("smuggled"), b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"],
    ids=["garbage", "another answer", "a late refusal"],
)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
def test_what_follows_a_reply_is_never_taken_for_the_next_one(more: bytes, later: bool) -> None:
    heard = threading.Event()

    def talk(line: Line, nth: int) -> None:
        line.question()
        if later:
            line.say(reply(f"{nth}"))
            heard.wait(10)
            line.say(more)
        else:
            line.say(reply(f"{nth}") + more)
        line.question()
        line.say(reply("never"))

    with RawServer(talk) as server, Gateway({}, patience=ONCE) as gateway:
        first = gateway.complete(question(model_at(server.url), "one"))
        heard.set()
        if later:  # until it was heard: the connection is given up
            until(lambda: not idle_of(gateway) or not idle_of(gateway)[0][0].usable)
        second = gateway.complete(question(model_at(server.url), "two"))
    assert (first.text, second.text) == ("0", "1")


def idle_of(gateway: Gateway) -> list[tuple[Connection, float]]:
    (lane,) = gateway._lanes.values()
    return list(lane._provider._wire._client._idle)  # type: ignore[attr-defined]


def test_a_connection_closed_between_two_questions_costs_no_try() -> None:
    first, second, connections = two_replies(saying(reply("hi")))
    assert (first.text, second.text, second.attempts, connections) == ("hi", "hi", 1, 2)


def test_a_connection_closed_as_it_is_used_again_costs_no_try() -> None:
    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(reply(f"{nth}"))
        line.question()  # heard, and not answered

    first, second, connections = two_replies(talk)
    assert (first.text, second.text, second.attempts, connections) == ("0", "1", 1, 2)


def test_a_connection_closed_while_the_server_works_costs_a_try() -> None:
    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(reply(f"{nth}"))
        line.question()
        threading.Event().wait(1.1)  # an answer, perhaps a dear one, that never comes

    first, second, connections = two_replies(talk, TWICE)
    assert (first.text, second.text, second.attempts, connections) == ("0", "1", 2, 2)


def test_a_new_connection_closed_without_an_answer_costs_a_try() -> None:
    def talk(line: Line, nth: int) -> None:
        line.question()
        if nth:
            line.say(reply("hi"))

    assert ask(talk, TWICE).attempts == 2


def test_a_server_that_closes_after_each_answer_is_believed() -> None:
    closing = HEAD.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n") + chunked(events("hi"))

    def talk(line: Line, nth: int) -> None:
        line.question()
        line.say(closing)
        line.question()
        line.say(reply("never"))

    first, second, connections = two_replies(talk)
    assert (first.text, second.text, connections) == ("hi", "hi", 2)


def open_to(port: int) -> int:
    """Connections to a server on this machine that are open at our end."""
    rows = [row.split() for row in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="reads the connections of this machine from /proc")
def test_questions_given_up_by_the_hundred_leave_no_connection() -> None:
    def answers(prompt: str, nth: int) -> ScriptedReply:
        return ScriptedReply("abcd", hang_after=int(prompt) % 4 or None)

    with OpenAIServer(answers) as server, Gateway({}, patience=Patience()) as gateway:
        model = model_at(server.url, concurrency=ABOUT)
        for turn in range(TURNS):  # some are given up as they connect, some in mid-stream, some as they end
            asked = [question(model, f"{number}") for number in range(ABOUT)]
            outcomes = ask_all(gateway, asked, threads=ABOUT, within_s=0.02 * 2**turn)
            assert {type(outcome) for _, outcome in outcomes} <= {Reply, Unanswered}
            assert Unanswered in {type(outcome) for _, outcome in outcomes}
            until(lambda: open_to(server.port) == len(idle_of(gateway)))
        gateway.close()
        until(lambda: open_to(server.port) == 0)
    gc.collect()  # what is left would be warned of


# ---- addresses -----------------------------------------------------------------------------------------------------


def test_nobody_listening_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        Gateway({}, patience=ONCE) as gateway,
        pytest.raises(ServerDown, match=r"cannot be reached: .*refused|Connect"),
    ):
        gateway.complete(question(model_at(f"http://127.0.0.1:{port}/v1")))


def test_a_name_that_nobody_has_is_told_in_words() -> None:
    with Gateway({}, patience=ONCE) as gateway, pytest.raises(ServerDown, match="cannot be reached"):
        gateway.complete(question(model_at("http://nobody.invalid/v1")))


def test_a_name_that_is_none_is_refused() -> None:
    with Gateway({}, patience=ONCE) as gateway, pytest.raises(AssayError, match="no name of a server"):
        gateway.complete(question(model_at("http://no name/v1")))


def test_a_server_by_its_address_of_version_six() -> None:
    try:
        server = RawServer(saying(reply("hi")), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server, Gateway({}, patience=ONCE) as gateway:
        assert gateway.complete(question(model_at(server.url))).text == "hi"


def test_a_name_with_addresses_of_both_versions_is_tried_at_both() -> None:
    try:
        socket.getaddrinfo("localhost", 80)
    except socket.gaierror:
        pytest.skip("this machine does not know the name localhost")
    with RawServer(saying(reply("hi"))) as server, Gateway({}, patience=ONCE) as gateway:
        assert gateway.complete(question(model_at(f"http://localhost:{server.port}/v1"))).text == "hi"


def test_what_is_asked_for_is_one_plain_question() -> None:
    asked: list[bytes] = []

    def talk(line: Line, nth: int) -> None:
        asked.append(line.question())
        line.say(reply("hi"))

    with RawServer(talk) as server, Gateway({"K": "sk-1"}, patience=ONCE) as gateway:
        url = server.url.replace("/v1", "/päth with blank/v1")
        gateway.complete(question(model_at(url, key="K")))
    head, _, body = asked[0].partition(b"\r\n\r\n")
    first, *headers = head.decode("ascii").split("\r\n")
    assert first == "POST /p%C3%A4th%20with%20blank/v1/chat/completions HTTP/1.1"
    assert headers == [
        f"host: 127.0.0.1:{server.port}",
        "user-agent: assay",
        "accept: */*",
        "accept-encoding: identity",
        "authorization: Bearer sk-1",
        "content-type: application/json",
        f"content-length: {len(body)}",
    ]


def test_a_reply_that_hangs_is_given_up_with_its_connection() -> None:
    with OpenAIServer(in_turn(ScriptedReply("abcd", hang_after=2), ScriptedReply("x"))) as server:
        patience = Patience(silence_s=0.1, attempts=1)
        with Gateway({}, patience=patience) as gateway:
            with pytest.raises(Unanswered, match="stopped in the middle"):
                gateway.complete(question(model_at(server.url)))
            assert gateway.complete(question(model_at(server.url))).text == "x"
            assert server.connections == 2
