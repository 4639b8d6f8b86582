"""The model servers of this machine."""

import pytest

from assay.errors import AssayError
from assay.pipeline.llm.local import LOCAL, listed, moved
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAIServer


@pytest.mark.parametrize(
    ("variable", "given", "provider", "url"),
    [
        ("ASSAY_OLLAMA_URL", "http://gpu:11434/", "ollama", "http://gpu:11434"),
        ("ASSAY_OLLAMA_URL", "http://gpu:11434/v1", "ollama", "http://gpu:11434"),
        ("ASSAY_OLLAMA_URL", "http://gpu/ollama", "ollama", "http://gpu/ollama"),
        ("ASSAY_LMSTUDIO_URL", "http://gpu:1234", "lmstudio", "http://gpu:1234/v1"),
        ("ASSAY_VLLM_URL", "http://gpu:8000/v1", "vllm", "http://gpu:8000/v1"),
        ("ASSAY_VLLM_URL", "http://gpu:8000/vllm/v1", "vllm", "http://gpu:8000/vllm/v1"),
    ],
)
def test_a_server_that_was_moved_is_found_with_and_without_its_path(
    variable: str, given: str, provider: str, url: str
) -> None:
    assert moved({variable: given}) == {provider: url}
    assert LOCAL[provider].at({variable: given}) == url
    assert LOCAL[provider].at({}) == LOCAL[provider].url


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(AssayError, match="no server's URL"):
        moved({"ASSAY_OLLAMA_URL": "gpu:11434"})


def test_a_server_is_asked_for_its_models() -> None:
    with OllamaServer(models=("small:1b",)) as ollama, OpenAIServer(models=("one", "bad\x1b[2J")) as vllm:
        assert listed(LOCAL["ollama"], ollama.root, 5).models == ("small:1b",)
        assert listed(LOCAL["vllm"], f"{vllm.root}/v1", 5).models == ("one",), (
            "a name that moves the cursor is left out"
        )
        other = listed(LOCAL["ollama"], vllm.root, 5)
    assert other.problem.startswith("something else answers")
    assert not other.down
    silent = listed(LOCAL["ollama"], "http://127.0.0.1:1", 5)
    assert silent.down
    assert silent.problem == "nothing answers at http://127.0.0.1:1"
