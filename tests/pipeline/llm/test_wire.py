"""The HTTP under the providers: waits that servers ask for, words in their errors, TLS and proxies."""

import json
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from assay.pipeline.llm import Patience, ServerDown
from assay.pipeline.llm.gateway import Gateway
from assay.pipeline.llm.wire import error_text, retry_after
from assay.records import Message, Model, Reply, Request
from tests.servers.certificates import speaking
from tests.servers.openai import OpenAIServer


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_both_forms_of_retry_after_are_understood(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_to_retry_after_is_so_many_seconds_away() -> None:
    assert retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)}) == pytest.approx(60, abs=2)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "no", "type": "t"}}, "no"),
        ({"error": "no"}, "no"),
        ({"message": "no"}, "no"),
        ({"detail": [{"msg": "no"}]}, '[{"msg": "no"}]'),
        ([{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}], "no"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "no"}}, "no"),
    ],
)
def test_the_words_of_an_error_are_found_in_any_shape(body: object, words: str) -> None:
    assert error_text(json.dumps(body).encode()) == words


def test_a_web_page_as_an_error_loses_its_tags() -> None:
    assert error_text(b"<html><h1>502 Bad Gateway</h1></html>").split() == ["502", "Bad", "Gateway"]


# ---- TLS -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[OpenAIServer]:
    with OpenAIServer(tls=speaking(*certificate)) as server:
        yield server


def ask(url: str) -> Reply:
    model = Model(name="m", provider="openai", model="model-a", url=url)
    with Gateway({}, patience=Patience(attempts=2, wait_s=0.01, connect_s=5)) as gateway:
        return gateway.complete(Request(model=model, messages=(Message(role="user", content="x" * 200_000),)))


def test_a_server_with_a_certificate_that_is_trusted_is_asked_over_tls(
    secure: OpenAIServer, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert ask(secure.url).text == "0: " + "x" * 200_000


def test_a_server_with_a_certificate_that_is_not_trusted_is_not_asked(secure: OpenAIServer) -> None:
    with pytest.raises(ServerDown, match="certificate"):
        ask(secure.url)
    assert secure.counts().requests == 0


def test_plain_http_to_a_server_of_tls_is_an_error_in_words(secure: OpenAIServer) -> None:
    with pytest.raises(ServerDown):
        ask(secure.url.replace("https:", "http:"))
