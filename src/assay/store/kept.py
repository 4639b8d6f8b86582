"""What was done is kept under the hash of what determines it, so that nothing is paid for or run twice.

Keys are SHA-256 over canonical JSON: see `key_of`. JSON is kept as text in which NUL is written as an escape.
"""

import base64
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import islice
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import distinct_on

from assay.records import Case, Record, Reply, Request, Run
from assay.store import Store
from assay.store.tables import CALLS, RUNS

CHUNK = 1000
"""Keys or rows a statement: large enough that round trips cost nothing, small enough for a modest memory."""
_CHUNK_CHARACTERS = 8 << 20

_INSERT_CALL = sa.insert(CALLS)
_RUNS = TypeAdapter(tuple[Run, ...])


def key_of(*parts: str | int | Record) -> str:
    """The name of whatever these parts determine, in 64 hexadecimal digits: equal parts, equal key, on every machine.

    The parts become one JSON list: text and numbers as they are, a record as {its class: its fields}. Fields that have
    their default value are left out, so that a field added later with a default that changes nothing changes no key;
    bytes are base64; names are sorted. A record that is part of many keys is best named once: `key_of(task)` is text.
    """
    text = json.dumps([_part(part) for part in parts], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def replies(store: Store, keys: Collection[str]) -> dict[str, Reply]:
    """The replies that are kept under these keys. Where one was paid for twice, the first."""
    found: dict[str, Reply] = {}
    for chunk in _chunks(keys):
        query = (
            sa.select(CALLS.c.key, CALLS.c.reply)
            .where(CALLS.c.key == sa.any_(sa.literal(chunk, sa.ARRAY(sa.Text))), CALLS.c.status == "ok")
            .ext(distinct_on(CALLS.c.key))
            .order_by(CALLS.c.key, CALLS.c.id)
        )
        with store.engine.connect() as connection:
            found.update((key, Reply.model_validate_json(text)) for key, text in connection.execute(query))
    return found


def keep_reply(store: Store, key: str, request: Request, reply: Reply, evaluation: str | None = None) -> None:
    """Write down a call that was answered, with what it cost."""
    row = {
        "reply": reply.model_dump_json(exclude_defaults=True),
        "status": "ok",
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "cost": reply.cost,
        "currency": reply.currency,
        "latency_s": reply.latency_s,
    }
    _keep_call(store, key, request, evaluation, row)


def record_failure(store: Store, key: str, request: Request, error: str, evaluation: str | None = None) -> None:
    """Write down a call that came to nothing; it stands in nobody's way when the same is asked again."""
    _keep_call(store, key, request, evaluation, {"error": error, "status": "error"})


def usual_latency(store: Store, model: str) -> float | None:
    """The mean time of a whole reply, in seconds, over the model's last calls; None: it was never asked."""
    last = sa.select(CALLS.c.latency_s).where(CALLS.c.model == model, CALLS.c.latency_s.is_not(None))
    last = last.order_by(CALLS.c.id.desc()).limit(200)
    with store.engine.connect() as connection:
        mean = connection.scalar(sa.select(sa.func.avg(last.subquery().c.latency_s)))
    return None if mean is None else float(mean)


def runs(store: Store, keys: Collection[str]) -> dict[str, tuple[Run, ...]]:
    """The runs that are kept under these keys."""
    found: dict[str, tuple[Run, ...]] = {}
    for chunk in _chunks(keys):
        query = sa.select(RUNS.c.key, RUNS.c.record).where(RUNS.c.key == sa.any_(sa.literal(chunk, sa.ARRAY(sa.Text))))
        with store.engine.connect() as connection:
            found.update((key, _RUNS.validate_json(text)) for key, text in connection.execute(query))
    return found


def keep_runs(store: Store, made: Mapping[str, Sequence[Run]]) -> None:
    """Keep the runs under their keys; what is kept there already stays. Each chunk is safe once it is written."""
    # one JSON object: the driver writes an array of texts in Python, quote by quote, eighty times as slowly
    statement = sa.text(
        "insert into runs (key, record) select * from json_each_text(cast(:rows as json)) on conflict (key) do nothing"
    )
    for rows in _batches(made):
        with store.engine.begin() as connection:
            connection.execute(statement, {"rows": json.dumps(dict(rows), ensure_ascii=False)})


def _batches(made: Mapping[str, Sequence[Run]]) -> Iterator[list[tuple[str, str]]]:
    """Rows in key order, so that two writers never wait for each other in a ring; bounded in number and size."""
    rows: list[tuple[str, str]] = []
    size = 0
    for key in sorted(made):
        text = _RUNS.dump_json(tuple(made[key]), exclude_defaults=True).decode()
        rows.append((key, text))
        size += len(text)
        if len(rows) >= CHUNK or size >= _CHUNK_CHARACTERS:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _keep_call(store: Store, key: str, request: Request, evaluation: str | None, outcome: dict[str, Any]) -> None:
    row = {
        "key": key,
        "evaluation": evaluation,
        "provider": request.model.provider,
        "model": request.model.name,
        "request": request.model_dump_json(exclude_defaults=True),
        **outcome,
    }
    with store.engine.begin() as connection:
        connection.execute(_INSERT_CALL, {name: _writable(value) for name, value in row.items()})


def _writable(value: object) -> object:
    """PostgreSQL's text holds no NUL and no half of a surrogate pair; an error message from a server may."""
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()


def _chunks(keys: Collection[str]) -> Iterator[list[str]]:
    rest = iter(sorted(set(keys)))
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _part(part: str | int | Record) -> object:
    return {type(part).__name__: _plain(part)} if isinstance(part, Record) else part


def _plain(value: object) -> object:
    if isinstance(value, Record | Case):
        noun: Any = type(value)
        fields = ((name, getattr(value, name), left_out) for name, left_out in _fields(noun).items())
        # `kind` tells the records of a union apart, and stays
        return {name: _plain(held) for name, held, left_out in fields if name == "kind" or held != left_out}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else value


_NONE = object()


@cache
def _fields(noun: Any) -> dict[str, object]:
    """The names of its fields, and the value with which each may be left out; of those that may not, one that equals none."""
    fields = noun.__pydantic_fields__.items()
    return {
        name: _NONE if field.is_required() else field.get_default(call_default_factory=True) for name, field in fields
    }
