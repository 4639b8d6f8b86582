"""Save and read the pipeline's runs, their work and their samples."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import insert

from assay.bench import asking
from assay.bench.scripts.records import ScriptRun, ScriptSample, Stage
from assay.bench.scripts.stages import Item
from assay.bench.scripts.tables import BATCHES, RUNS, SAMPLES
from assay.errors import AssayError, UnknownName
from assay.records import Model, Request
from assay.store import Store, kept

State = Literal["running", "paused", "done", "failed", "stopped"]
_ITEMS = TypeAdapter(tuple[Item, ...])
_STAGE: TypeAdapter[Stage] = TypeAdapter(Stage)
_AT_ONCE = 100


class Place(NamedTuple):
    """Which sample of a run."""

    prompt: str
    model: str
    number: int
    """From 0, of the samples of one prompt."""


def place_of(one: Item | ScriptSample) -> Place:
    """Where a sample stands in its run."""
    return Place(one.prompt, one.model, one.index)


class SampleState(NamedTuple):
    """How far a sample is."""

    stage: Stage
    error: bool
    changed: str


# ---- runs ----------------------------------------------------------------------------------------------------------


def key_of(run: ScriptRun, items: Sequence[Item]) -> str:
    """What a run was asked for: the same command finds the same run again."""
    asked = [*run.models, *([run.testing] if run.testing else [])]
    models: list[Model] = [asking.determinants(Request(model=model, messages=())).model for model in asked]
    names = [*(model.name for model in asked), f"tests: {run.testing is not None}"]
    how: list[str | int] = [run.samples, run.repair, str(run.repair_cleanup), str(run.timeout_s), run.mutants]
    prompts = [prompt.model_copy(update={"place": ""}) for prompt in run.prompts]
    taken = [item for item in items if item.script is not None or item.tests is not None]
    return kept.key_of("script run", *how, *names, *models, *prompts, *taken)


def create(store: Store, run: ScriptRun, key: str, batches: Iterable[Sequence[Item]]) -> None:
    """Save a new run with its work, all or nothing."""
    with store.engine.begin() as connection:
        connection.execute(
            sa.insert(RUNS).values(
                id=run.id, created=run.created, key=key, state=run.state, output=run.output, record=_json(run)
            )
        )
        for number, batch in enumerate(batches):
            payload = _ITEMS.dump_json(tuple(batch), exclude_defaults=True).decode()
            connection.execute(sa.insert(BATCHES).values(run=run.id, number=number, payload=payload))


def _json(record: ScriptRun | ScriptSample) -> str:
    return record.model_dump_json(exclude_defaults=True)


def find(store: Store, key: str) -> ScriptRun | None:
    """The newest run that was asked for the same."""
    query = _select().where(RUNS.c.key == key).order_by(RUNS.c.created.desc()).limit(1)
    with store.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _run(row)


def read_run(store: Store, name: str) -> ScriptRun:
    """One run, by its id, by the beginning or end of it that no other has, or `last`."""
    with store.engine.connect() as connection:
        ids = list(connection.scalars(sa.select(RUNS.c.id).order_by(RUNS.c.created)))
        if not ids:
            raise AssayError(
                "There is no run of scripts yet.", "Start one: assay bench scripts PROMPTS_DIR --model MODEL"
            )
        found = [one for one in ids if name and (one.startswith(name) or one.endswith(name))]
        chosen = ids[-1] if name == "last" else name if name in ids else found[0] if len(found) == 1 else None
        if chosen is None:
            raise UnknownName("run of scripts", name, [*ids[-20:], "last"])
        return _run(connection.execute(_select().where(RUNS.c.id == chosen)).one())


def get_run(store: Store, run: str) -> ScriptRun:
    """The run of this very id."""
    with store.engine.connect() as connection:
        return _run(connection.execute(_select().where(RUNS.c.id == run)).one())


def list_runs(store: Store, limit: int = 50) -> list[ScriptRun]:
    """The latest runs, newest first."""
    with store.engine.connect() as connection:
        return [_run(row) for row in connection.execute(_select().order_by(RUNS.c.created.desc()).limit(limit))]


def _select() -> "sa.Select[str, str, str, str, str]":
    return sa.select(RUNS.c.record, RUNS.c.state, RUNS.c.executor, RUNS.c.note, RUNS.c.output)


def _run(row: "sa.Row[str, str, str, str, str]") -> ScriptRun:
    record, state, executor, note, output = row
    now = {"state": state, "executor": executor, "note": note, "output": output}
    return ScriptRun.model_validate({**json.loads(record), **now})


def set_state(
    store: Store, run: str, state: State, note: str = "", *, executor: str | None = None, output: str | None = None
) -> None:
    """Say how it stands, why, who carries it out now, and where its files are."""
    values: dict[str, str] = {"state": state, "note": note.replace("\0", " ")}
    values |= {} if executor is None else {"executor": executor}
    values |= {} if output is None else {"output": output}
    with store.engine.begin() as connection:
        connection.execute(sa.update(RUNS).where(RUNS.c.id == run).values(values))


# ---- the work ------------------------------------------------------------------------------------------------------


def batches(store: Store, run: str) -> dict[int, tuple[Item, ...]]:
    """All its work, by the number of the batch."""
    query = sa.select(BATCHES.c.number, BATCHES.c.payload).where(BATCHES.c.run == run).order_by(BATCHES.c.number)
    with store.engine.connect() as connection:
        return {number: _ITEMS.validate_json(payload) for number, payload in connection.execute(query)}


def batch(store: Store, run: str, number: int) -> tuple[Item, ...]:
    """One piece of its work."""
    query = sa.select(BATCHES.c.payload).where(BATCHES.c.run == run, BATCHES.c.number == number)
    with store.engine.connect() as connection:
        return _ITEMS.validate_json(connection.scalars(query).one())


def count_items(store: Store, run: str) -> int:
    """How many samples it is made of."""
    length = sa.func.json_array_length(sa.cast(BATCHES.c.payload, sa.JSON))
    query = sa.select(sa.func.coalesce(sa.func.sum(length), 0)).where(BATCHES.c.run == run)
    with store.engine.connect() as connection:
        return int(connection.scalars(query).one())


# ---- samples -------------------------------------------------------------------------------------------------------


def _saving(sample: ScriptSample) -> "sa.Executable":
    row = {
        "run": sample.run,
        "prompt": sample.prompt,
        "model": sample.model,
        "index": sample.index,
        "stage": sample.stage,
        "error": sample.error.replace("\0", " "),
        "record": _json(sample),
    }
    saving = insert(SAMPLES).values(row)
    new = {name: getattr(saving.excluded, name) for name in ("stage", "error", "record")}
    return saving.on_conflict_do_update(
        index_elements=["run", "prompt", "model", "index"], set_={**new, "changed": sa.func.clock_timestamp()}
    )


def save(store: Store, samples: Sequence[ScriptSample]) -> None:
    """Save samples as far as they are, in place of what they were."""
    with store.engine.begin() as connection:
        for sample in sorted(samples, key=lambda one: (one.prompt, one.model, one.index)):
            connection.execute(_saving(sample))


def states(store: Store, run: str) -> dict[Place, SampleState]:
    """How far each sample is that has begun."""
    query = sa.select(
        SAMPLES.c.prompt,
        SAMPLES.c.model,
        SAMPLES.c.index,
        SAMPLES.c.stage,
        (SAMPLES.c.error != "").label("failed"),
        sa.cast(SAMPLES.c.changed, sa.Text).label("moment"),
    ).where(SAMPLES.c.run == run)
    with store.engine.connect() as connection:
        found = connection.execute(query).all()
    return {
        Place(prompt, model, number): SampleState(_STAGE.validate_python(stage), failed, moment)
        for prompt, model, number, stage, failed, moment in found
    }


def read_samples(store: Store, run: str, places: Sequence[Place] | None = None) -> Iterator[ScriptSample]:
    """The samples that have begun, of these places or all; by model, prompt and number."""
    query = sa.select(SAMPLES.c.record).where(SAMPLES.c.run == run)
    if places is not None:
        key = sa.tuple_(SAMPLES.c.prompt, SAMPLES.c.model, SAMPLES.c.index)
        query = query.where(key.in_([tuple(place) for place in places]))
    query = query.order_by(SAMPLES.c.model, SAMPLES.c.prompt, SAMPLES.c.index).execution_options(yield_per=_AT_ONCE)
    with store.engine.connect() as connection:
        for text in connection.scalars(query):
            yield ScriptSample.model_validate_json(text)


def read_sample(store: Store, run: str, place: Place) -> ScriptSample | None:
    """One sample, as far as it is."""
    found = list(read_samples(store, run, [place]))  # all of it, so that the cursor is closed
    return found[0] if found else None


def drop_errors(store: Store, run: str) -> None:
    """Forget samples that failed through a fault of ours or a server's, so that they are tried again."""
    with store.engine.begin() as connection:
        connection.execute(sa.delete(SAMPLES).where(SAMPLES.c.run == run, SAMPLES.c.error != ""))
