"""What a server is to answer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class ScriptedReply:
    """One answer: a reply as a model gives it, or one of the ways in which servers fail."""

    text: str = ""
    thinking: str = ""
    finish: str = "stop"
    """As the protocol says it; `length` is put into each protocol's own word."""
    pieces: int = 4
    """In how many pieces text (and thinking) are streamed."""
    usage: bool = True
    prompt_tokens: int | None = None
    """None: counted."""
    completion_tokens: int | None = None

    status: int = 200
    """Another one answers with an error in the protocol's shape, saying `error`."""
    error: str = "The server is overloaded."
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    wait_s: float = 0
    """Before the status line."""
    first_token_s: float = 0
    """Between the headers and the first piece."""
    piece_s: float = 0
    """Between pieces."""
    drop_after: int | None = None
    """Close the connection after so many pieces, in the middle of the stream; 0: before the status line."""
    hang_after: int | None = None
    """Say nothing more after so many pieces, and keep the connection open."""
    error_after: int | None = None
    """Send an error event of the protocol after so many pieces."""
    garbage: bytes | None = None
    """Send this, with the headers of a good stream, instead of one."""
    whole: bool = False
    """Answer with one document although a stream was asked for."""
    ping: int = 0
    """So many keep-alives of the protocol before the first piece."""


@dataclass(frozen=True)
class Seen:
    """One question that a server received."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    prompt: str
    """The last message."""


Answer = Callable[[str, int], ScriptedReply]
"""(the last message, how many questions with that last message came before) -> what to answer."""


def in_turn(*replies: ScriptedReply) -> Answer:
    """Answer one after the other, whatever is asked; the last one for ever."""
    given = 0

    def answer(prompt: str, nth: int) -> ScriptedReply:
        nonlocal given
        given += 1
        return replies[min(given, len(replies)) - 1]

    return answer


class Held:
    """Answers so many questions and leaves all others unanswered until `let_go`: what it is asked for is not done before."""

    def __init__(self, reply: ScriptedReply, answered: int) -> None:
        self._reply = reply
        self._left = answered
        self._held = True

    def __call__(self, prompt: str, nth: int) -> ScriptedReply:
        self._left -= 1
        return replace(self._reply, hang_after=0) if self._held and self._left < 0 else self._reply

    def let_go(self) -> None:
        """Answer whatever is asked from now on."""
        self._held = False


def echo(prompt: str, nth: int) -> ScriptedReply:
    """The prompt again, with its number."""
    return ScriptedReply(f"{nth}: {prompt}")


def tokens(text: str) -> int:
    """A rough but repeatable count."""
    return max(1, len(text) // 4) if text else 0


def cut_into(text: str, pieces: int) -> list[str]:
    """The text in so many pieces or fewer, none of them empty."""
    size = max(1, -(-len(text) // max(1, pieces)))
    return [text[start : start + size] for start in range(0, len(text), size)]
