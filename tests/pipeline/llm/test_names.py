"""Models by their short names."""

import pytest

from assay.errors import AssayError, UnknownName
from assay.pipeline.llm.names import parse_model


@pytest.mark.parametrize(
    ("text", "provider", "model", "url"),
    [
        ("ollama/qwen2.5-coder:7b", "ollama", "qwen2.5-coder:7b", None),
        ("openai/gpt-x-mini", "openai", "gpt-x-mini", None),
        ("openrouter/meta-llama/llama-3", "openrouter", "meta-llama/llama-3", None),
        ("lmstudio/some model", "lmstudio", "some model", None),
        ("recorded/runs/a.jsonl", "recorded", "runs/a.jsonl", None),
        ("recorded//tmp/a.jsonl", "recorded", "/tmp/a.jsonl", None),
        ("http://gpu:8000/v1#org/name", "openai", "org/name", "http://gpu:8000/v1"),
        ("https://h.example/v1/#m", "openai", "m", "https://h.example/v1"),
        ("http://[::1]:8000/v1#m", "openai", "m", "http://[::1]:8000/v1"),
    ],
)
def test_a_short_name_says_provider_model_and_place(text: str, provider: str, model: str, url: str | None) -> None:
    parsed = parse_model(text)
    assert (parsed.provider, parsed.model, parsed.url) == (provider, model, url)


def test_an_unknown_provider_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="No provider is called 'olama'") as caught:
        parse_model("olama/x")
    assert "Did you mean ollama" in caught.value.help


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gpt-x", "'gpt-x' names no provider"),
        ("", "names no provider"),
        ("ollama/", "names no model"),
        ("http://host:8000/v1", "names a server but no model"),
        ("http://user:hunter2@host/v1#m", "carries a user name or password"),
        ("http://host/v1?api_key=hunter2#m", "carries a query"),
        ("http://#m", "is no server's URL"),
        ("http://host:port/v1#m", "cannot be understood"),
    ],
)
def test_a_name_that_cannot_be_understood_says_why_and_repeats_no_secret(text: str, message: str) -> None:
    with pytest.raises(AssayError, match=message) as caught:
        parse_model(text)
    assert caught.value.help
    assert "hunter2" not in str(caught.value) + caught.value.help
