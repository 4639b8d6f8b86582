"""Recordings: what is written can be answered from, and what is missing or broken is said."""

import gzip
import json
from pathlib import Path

import pytest

from assay.errors import AssayError, ContentError
from assay.pipeline.llm import Refused
from assay.pipeline.llm.gateway import Gateway
from assay.pipeline.llm.recorded import RecordingWriter, question_key
from assay.records import Message, Model, Reply, Request
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer


def ask(path: Path, text: str = "Write f.", sample: int = 0, system: str | None = None) -> Reply:
    messages: tuple[Message, ...] = (Message(role="user", content=text),)
    if system:
        messages = (Message(role="system", content=system), *messages)
    model = Model(name="r", provider="recorded", model=str(path))
    with Gateway({}) as gateway:
        return gateway.complete(Request(model=model, messages=messages, sample=sample))


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def test_what_a_run_was_answered_is_answered_again_from_its_recording(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.jsonl"
    writer = RecordingWriter(path)
    with (
        OpenAIServer(lambda _prompt, nth: ScriptedReply(f"answer {nth} é", thinking="hm")) as server,
        Gateway({}, recorders=(writer,)) as gateway,
    ):
        model = Model(name="m", provider="openai", model="model-a", url=server.url, concurrency=1)
        asked = [Request(model=model, messages=(Message(role="user", content="Q"),), sample=n) for n in range(3)]
        first = {request.sample: gateway.complete(request) for request in asked}
    writer.close()
    assert {sample: ask(path, "Q", sample) for sample in range(3)} == first


def test_a_line_by_hand_needs_a_prompt_and_a_text(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", {"prompt": "Write f.", "reply": "def f(): pass", "note": "by hand"})
    assert ask(path).text == "def f(): pass"
    assert ask(path, system="Be brief.").text == "def f(): pass"


def test_whole_messages_are_told_apart_by_their_system_prompt(tmp_path: Path) -> None:
    messages = [{"role": "system", "content": "A"}, {"role": "user", "content": "Write f."}]
    path = write(tmp_path / "r.jsonl", {"messages": messages, "reply": {"text": "x", "finish": "length"}})
    assert ask(path, system="A").finish == "length"
    with pytest.raises(Refused):
        ask(path, system="B")


def test_a_key_instead_of_the_messages_answers_too(tmp_path: Path) -> None:
    key = question_key((Message(role="user", content="Write f."),))
    assert ask(write(tmp_path / "r.jsonl", {"key": key, "reply": "x"})).text == "x"


def test_a_later_line_replaces_an_earlier_one(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", *({"prompt": "Write f.", "reply": text} for text in ("old", "new")))
    assert ask(path).text == "new"


def test_a_packed_recording_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"prompt": "Write f.", "reply": "x"}\n'))
    assert ask(path).text == "x"


def test_a_prompt_that_is_not_there_is_quoted(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", {"prompt": "Write f.", "reply": "x"})
    with pytest.raises(Refused, match=r"no reply to the prompt that begins 'Write g\.'") as caught:
        ask(path, "Write g.")
    assert "another suite" in caught.value.help


def test_a_sample_that_is_not_there_says_how_many_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", *({"prompt": "Write f.", "sample": n, "reply": "x"} for n in range(2)))
    with pytest.raises(Refused, match=r"no sample 5 .* it has 2: 0, 1\.") as caught:
        ask(path, sample=5)
    assert "no more than 2 samples" in caught.value.help


def test_a_recording_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match=r"none\.jsonl cannot be read"):
        ask(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"prompt": "a" "reply": "x"}\n', r":2:16: This line is not JSON"),
        ('["a"]\n', r":2:1: A line of a recording needs `reply`"),
        ('{"prompt": "a"}\n', r":2:1: A line of a recording needs `reply`"),
        ('{"reply": "x"}\n', r":2:1: A line of a recording needs `messages`"),
        ('{"prompt": "a", "sample": -1, "reply": "x"}\n', r":2:1: `sample` is -1"),
        ('{"prompt": "a", "reply": {"txt": "x"}}\n', r":2:1: text: Field required"),
        ('{"messages": [{"role": "usr", "content": "x"}], "reply": "x"}\n', r":2:1: role: Input should be"),
        ('{"prompt": "a", "re', r":2:1: The last line is broken off"),
    ],
)
def test_a_broken_line_is_named_by_its_place(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"prompt": "Write f.", "reply": "x"}\n' + line)
    with pytest.raises(ContentError, match=message):
        ask(path)


def test_a_recording_whose_last_line_broke_off_can_be_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"prompt": "a", "re')
    writer = RecordingWriter(path)
    model = Model(name="m", provider="openai", model="x")
    writer.write(Request(model=model, messages=(Message(role="user", content="Write f."),)), Reply(text="x"))
    writer.close()
    lines = path.read_text().splitlines()
    assert lines[0] == '{"prompt": "a", "re'
    assert json.loads(lines[1])["reply"] == {"text": "x"}


def test_a_recording_is_for_its_owners_eyes(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    RecordingWriter(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="cannot be written"):
        RecordingWriter(tmp_path)
