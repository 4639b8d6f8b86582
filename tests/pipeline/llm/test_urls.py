"""Addresses of servers."""

import pytest

from assay.pipeline.llm.urls import is_loopback, proxy_for, server_url


def test_a_trailing_slash_and_blanks_are_nothing() -> None:
    assert server_url(" http://host:1/v1/ ") == "http://host:1/v1"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost/v1", "http://[::1]:8", "http://a.localhost"])
def test_this_machine_is_never_behind_a_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    assert is_loopback(url)
    assert not proxy_for(url)


def test_another_machine_is_behind_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert proxy_for("http://outside.example/v1")
    assert not proxy_for("http://inside.example/v1")
    monkeypatch.delenv("http_proxy")
    assert not proxy_for("http://outside.example/v1")
