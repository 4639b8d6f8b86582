"""Replies out of a file instead of a server: JSON Lines, as `RecordingWriter` writes them or somebody by hand.

A line holds what was asked, which sample it is, and what was answered:

    {"messages": [{"role": "user", "content": "Write add(a, b)."}], "sample": 0, "reply": {"text": "def add…"}}
    {"prompt": "Write add(a, b).", "reply": "def add…"}

`prompt` stands for any question whose last message it is, whatever the system prompt. `reply` is a whole Reply or only
its text; `sample` is 0 where it is not given. A later line replaces an earlier one for the same question. A line of
`key` (the hash `question_key` gives) instead of `messages` or `prompt` answers too. Other members are for people.
"""

import gzip
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError

from assay.errors import AssayError, ContentError, ProviderError
from assay.pipeline.llm import Refused, Server
from assay.records import Message, Model, Reply, Request

_LINE_BYTES = 64 << 20


def question_key(messages: Sequence[Message]) -> str:
    """What a question is filed under: a hash of its messages alone, whoever is asked and however."""
    pairs = [[message.role, message.content] for message in messages]
    return hashlib.sha256(json.dumps(pairs, separators=(",", ":")).encode()).hexdigest()


class Recorded:
    """Answers from the recording that `Model.model` names."""

    default_url: ClassVar[str | None] = ""
    key_variable: ClassVar[str | None] = None
    needs_key: ClassVar[bool] = False

    def __init__(self, server: Server) -> None:  # noqa: ARG002 - there is none
        self._recordings: dict[str, _Recording] = {}

    def check(self, model: Model) -> None:
        self._recording(model)

    async def complete(self, model: Model, messages: Sequence[Message], sample: int) -> Reply:
        return self._recording(model).reply(messages, sample)

    def _recording(self, model: Model) -> "_Recording":
        if model.model not in self._recordings:
            self._recordings[model.model] = _Recording(Path(model.model).expanduser())
        return self._recordings[model.model]

    async def models(self) -> list[str]:
        return sorted(self._recordings)

    async def close(self) -> None:
        self._recordings.clear()


class _Recording:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._samples: dict[str, dict[int, Reply]] = {}
        try:
            for place, line in _lines(path):
                key, sample, reply = _entry(place, line)
                self._samples.setdefault(key, {})[sample] = reply
        except OSError as error:
            raise AssayError(
                f"The recording {path} cannot be read: {error.strerror or error}.",
                "Give the path of a recording: --model recorded/PATH.",
            ) from None

    def reply(self, messages: Sequence[Message], sample: int) -> Reply:
        samples = (
            self._samples.get(question_key(messages)) or self._samples.get(_prompt_key(messages[-1].content)) or {}
        )
        if sample in samples:
            return samples[sample]
        begins = " ".join(messages[-1].content.split())[:60]
        if samples:
            raise Refused(
                f"The recording {self._path} has no sample {sample} for the prompt that begins {begins!r}; "
                f"it has {len(samples)}: {_few(samples)}.",
                f"Ask for no more than {len(samples)} samples, or record more.",
            )
        raise Refused(
            f"The recording {self._path} has no reply to the prompt that begins {begins!r}.",
            "It was made from other prompts: another suite or version of it, another system prompt, or a repair turn.",
        )


class RecordingWriter:
    """Appends what was asked and answered to a recording, one line at a time. A gateway's recorder."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # One write a line, appended: a crash leaves whole lines behind, or one broken last one that `write` ends.
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise AssayError(
                f"The recording {path} cannot be written: {error.strerror}.", "Give another place."
            ) from None
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def write(self, request: Request, reply: Reply) -> None:
        """Add one reply."""
        line = {
            "model": request.model.name,
            "messages": [message.model_dump() for message in request.messages],
            "sample": request.sample,
            "reply": reply.model_dump(exclude_defaults=True) | {"text": reply.text},
        }
        data = memoryview(json.dumps(line).encode() + b"\n")
        with self._lock:
            while data:
                data = data[os.write(self._descriptor, data) :]

    def call_started(self, request: Request) -> None:
        pass  # only answers are worth keeping here

    def call_finished(self, request: Request, outcome: Reply | ProviderError, seconds: float) -> None:  # noqa: ARG002
        if isinstance(outcome, Reply):
            self.write(request, outcome)

    def close(self) -> None:
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        with gzip.open(plain) if packed else plain as file:
            number = 0
            while line := file.readline(_LINE_BYTES):
                number += 1
                if line.strip():
                    yield f"{path}:{number}", line


def _entry(place: str, line: bytes) -> tuple[str, int, Reply]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        if not line.endswith(b"\n"):
            raise ContentError(f"{place}:1", "The last line is broken off.", "Delete it and resume the run.") from None
        raise ContentError(f"{place}:{getattr(error, 'colno', 1)}", "This line is not JSON.") from None
    if not isinstance(entry, dict) or "reply" not in entry:
        raise ContentError(f"{place}:1", "A line of a recording needs `reply`, and `messages`, `prompt` or `key`.")
    sample = entry.get("sample", 0)
    if not isinstance(sample, int) or isinstance(sample, bool) or sample < 0:
        raise ContentError(f"{place}:1", f"`sample` is {sample!r}, but must be a whole number from 0.")
    try:
        reply = entry["reply"]
        return _key(entry, place), sample, Reply(text=reply) if isinstance(reply, str) else Reply.model_validate(reply)
    except ValidationError as error:
        first = error.errors()[0]
        raise ContentError(f"{place}:1", f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def _key(entry: dict[str, Any], place: str) -> str:
    if "messages" in entry and isinstance(entry["messages"], list):
        return question_key([Message.model_validate(message) for message in entry["messages"]])
    if isinstance(entry.get("prompt"), str):
        return _prompt_key(entry["prompt"])
    if isinstance(entry.get("key"), str):
        return str(entry["key"])
    raise ContentError(f"{place}:1", "A line of a recording needs `messages` (a list), `prompt` or `key` (a text).")


def _prompt_key(prompt: str) -> str:
    return "prompt " + hashlib.sha256(prompt.strip().encode("utf-8", "surrogatepass")).hexdigest()


def _few(samples: dict[int, Reply]) -> str:
    numbers = sorted(samples)
    return ", ".join(map(str, numbers[:5])) + (", …" if len(numbers) > 5 else "")
