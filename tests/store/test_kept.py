"""What was done is kept under the hash of what determines it."""

from typing import Any

import pytest
import sqlalchemy as sa

from assay.pipeline.checks.answers import encoded
from assay.records import (
    Asserts,
    Calls,
    Case,
    Compare,
    Isolation,
    Limits,
    Message,
    Model,
    Options,
    Program,
    Record,
    Reply,
    Request,
    Run,
    Stdio,
    Task,
)
from assay.store import Store
from assay.store.kept import keep_reply, keep_runs, key_of, record_failure, replies, runs

MODEL = Model(name="small", provider="ollama", model="small:7b")
REQUEST = Request(model=MODEL, messages=(Message(role="user", content="Write f."),))
BOX = Isolation(backend="bwrap", level=2, memory="polled")


def task(**fields: Any) -> Task:
    return Task(id="t", suite="s", prompt="Write f.", **{"checks": (Calls(entry="f", cases=()),), **fields})


def test_equal_parts_have_equal_keys_and_any_difference_shows() -> None:
    same = Request(model=MODEL, messages=(Message(role="user", content="Write f."),))
    assert key_of("call", 1, REQUEST) == key_of("call", 1, same)
    keys = {
        key_of(REQUEST),
        key_of(REQUEST.model_copy(update={"sample": 1})),
        key_of(REQUEST.model_copy(update={"model": MODEL.model_copy(update={"options": Options(temperature=0.8)})})),
        key_of("call", REQUEST),
        key_of("c", "all", REQUEST),
        key_of("call", 1),
        key_of("call", "1"),
        key_of(task()),
        key_of(task(limits=Limits(cpu_s=3))),
        key_of(Program(files={"main.py": b"\x00\xff"})),
        key_of(Program(files={"main.py": b"\x00\xfe"})),
    }
    assert len(keys) == 11


def test_a_key_never_changes_between_versions_of_the_program() -> None:
    """Written down once: whoever changes this makes everybody pay again for what they have."""
    program = Program(files={"b.py": b"1", "main.py": b"def f(): return '\xc3\xa9'\n"})
    assert key_of("run", 7, program) == "67244c7087a43f7a0c3ce16af6e474f896ca71674ffe02b1f54589d910245124"
    assert key_of(REQUEST) == "0c57a3b31315c65e6537d70fef9ed12d82b251156da1369826d13a7213916ad1"
    plain = Case(id="a", args=encoded([1]), expect=encoded(2), compare=Compare(mode="python"))
    hidden = Case(id="b", args=encoded([]), raises="ValueError", public=False)
    assert key_of(Calls(entry="f", cases=(plain, hidden))) == (
        "6c1d0daa75727dbc4d40562c17f595e50290a70421c3d74004503cbb4513f83d"
    )


def test_the_order_in_which_files_were_named_makes_no_difference() -> None:
    assert key_of(Program(files={"a": b"1", "b": b"2"})) == key_of(Program(files={"b": b"2", "a": b"1"}))


def test_a_field_that_is_added_with_a_default_changes_no_key() -> None:
    class Noun(Record):
        name: str

    older = Noun

    class Noun(Record):  # type: ignore[no-redef]  # the same noun, one version later
        name: str
        note: str | None = None

    assert key_of(older(name="x")) == key_of(Noun(name="x"))
    assert key_of(Noun(name="x", note="y")) != key_of(Noun(name="x"))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Calls(entry="f", cases=()), Asserts(entry="f", source="")),
        (Stdio(cases=()), Calls(entry="", cases=())),
    ],
    ids=["calls or asserts", "stdio or calls"],
)
def test_checks_of_two_kinds_never_share_a_key(one: Record, other: Record) -> None:
    assert key_of(task(checks=(one,))) != key_of(task(checks=(other,)))


def test_a_reply_comes_back_as_it_was_said() -> None:
    assert Reply.model_validate_json(Reply(text="x").model_dump_json(exclude_defaults=True)) == Reply(text="x")


def test_replies_come_back_whole_and_only_those_that_are_kept(store: Store) -> None:
    said = Reply(
        text="NUL \0, \N{GRINNING FACE}, \x1b[1m, \\u0000 and a line\r\n",
        thinking="hm",
        cost=0.25,
        currency="EUR",
        prompt_tokens=7,
    )
    keep_reply(store, key_of(REQUEST), REQUEST, said, "evaluation-1")
    assert replies(store, [key_of(REQUEST), key_of("never asked")]) == {key_of(REQUEST): said}


def test_a_failed_call_is_on_record_and_stands_in_nobodys_way(store: Store) -> None:
    key = key_of(REQUEST)
    record_failure(store, key, REQUEST, "503 \0 overloaded", "evaluation-1")
    assert replies(store, [key]) == {}
    keep_reply(store, key, REQUEST, Reply(text="at last"), "evaluation-1")
    assert replies(store, [key])[key].text == "at last"
    with store.engine.connect() as connection:
        rows = connection.execute(
            sa.text("select status, error, provider, model, evaluation from calls order by id")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("error", "503 \N{SYMBOL FOR NULL} overloaded", "ollama", "small", "evaluation-1"),
        ("ok", None, "ollama", "small", "evaluation-1"),
    ]


def test_a_call_that_was_paid_twice_is_twice_on_record_and_the_first_reply_counts(store: Store) -> None:
    key = key_of(REQUEST)
    keep_reply(store, key, REQUEST, Reply(text="first", cost=1), None)
    keep_reply(store, key, REQUEST, Reply(text="second", cost=1), None)
    assert replies(store, [key])[key].text == "first"
    with store.engine.connect() as connection:
        assert connection.execute(sa.text("select count(*), sum(cost) from calls")).one() == (2, 2.0)


def test_runs_come_back_whole_with_bytes_that_are_no_text(store: Store) -> None:
    made = (
        Run(
            status="ok",
            stdout=bytes(range(256)),
            files={"a\0b": b"\0"},
            isolation=BOX,
            transcript=('{"f":"nan"}', "\0"),
        ),
        Run(status="signal", signal=9, isolation=BOX, tests=Run(status="ok", isolation=BOX), wall_s=float("inf")),
    )
    keep_runs(store, {"k": made, "none": ()})
    assert runs(store, ["k", "none", "other"]) == {"k": made, "none": ()}


def test_what_is_kept_stays_when_it_is_made_again(store: Store) -> None:
    keep_runs(store, {"k": (Run(status="ok", isolation=BOX),)})
    keep_runs(store, {"k": (Run(status="timeout", isolation=BOX),), "l": (Run(status="oom", isolation=BOX),)})
    assert {key: made[0].status for key, made in runs(store, ["k", "l"]).items()} == {"k": "ok", "l": "oom"}


def test_thousands_of_runs_are_kept_and_read_in_few_questions(store: Store) -> None:
    made = {f"k{n}": (Run(status="ok", stdout=b"x" * 200, isolation=BOX, label=str(n)),) for n in range(3_000)}
    asked: list[str] = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    keep_runs(store, made)
    assert runs(store, made) == made
    assert 2 <= len(asked) <= 40  # one a run would be thousands
