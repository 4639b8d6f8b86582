"""Thinking in tags, told apart from the answer."""

import pytest

from assay.pipeline.llm.thinking import split_thinking


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("plain", "plain", ""),
        ("<think>a</think>b", "b", "a"),
        ("\n <think>\na\n</think>\n\n    return 1", "    return 1", "a"),
        ("<THINK>a</Think>b", "b", "a"),
        ("<thinking>a</thinking>b", "b", "a"),
        ("<think>a</think><think>b</think>c", "c", "a\nb"),
        ("<think>never ends", "", "never ends"),
        ("<think></think>b", "b", ""),
        ("a, since\nb\n</think>\n\nc", "c", "a, since\nb"),
        ("x = '</think>'\n", "x = '</think>'\n", ""),
        ("use <think>a</think> so", "use <think>a</think> so", ""),
        ("```\n</think>\n```", "```\n</think>\n```", ""),
        ("    return 1\n", "    return 1\n", ""),
        ("", "", ""),
    ],
)
def test_thinking_is_taken_only_where_it_is_thinking(text: str, answer: str, thinking: str) -> None:
    assert split_thinking(text) == (answer, thinking)


def test_a_hostile_number_of_thoughts_is_split_at_once() -> None:
    assert split_thinking("<think>a</think>" * 100_000 + "b") == ("b", "\n".join("a" * 100_000))
