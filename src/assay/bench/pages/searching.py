"""What of bench's own things some words find: runs, models, tasks. Counted and ordered in the database."""

from typing import Any

import sqlalchemy as sa

from assay.bench.pages import addresses
from assay.web import Hit
from assay.web.shell import Shell

_MOST_WORDS = 6
_LONGEST = 160
_TITLE = r"""('["' || replace(substring(left(t.record, 20000) from '"title":"((?:[^"\\]|\\.)*)"'), '\u0000', '') || '"]')::json ->> 0"""
# a task's record may be megabytes of inputs; its title stands near the beginning, and only that is read

# a NUL in a record stands there as an escape, which a JSON value of PostgreSQL may not hold
_RECORD = r"replace(record, '\u0000', '\ufffd')\:\:json"

_RUNS = """
select e.id, e.state, e.suites, e.models from (
    select id, state, created, source,
        (select string_agg(value, ', ') from json_array_elements_text({record} -> 'suites')) as suites,
        coalesce((select string_agg(value ->> 'name', ', ') from json_array_elements({record} -> 'models')),
            (select string_agg(value, ', ') from json_array_elements_text({record} -> 'replies')), '') as models
    from bench_evaluations
) e where e.source <> 'view' and {all_words}
order by e.id = :whole desc, starts_with(e.id, :whole) desc, e.created desc limit :limit
"""
_RUN_TEXT = "concat_ws(' ', e.id, e.suites, e.models, e.state)"

_MODELS = """
select m.name, count(*) as runs, max(m.created) as latest, (array_agg(m.id order by m.created desc))[1] as id from (
    select e.id, e.created, model.value ->> 'name' as name
    from bench_evaluations e, json_array_elements({record} -> 'models') model where e.source <> 'view'
) m where {all_words} group by m.name
order by lower(m.name) = lower(:whole) desc, strpos(lower(m.name), lower(:whole)), latest desc limit :limit
"""
_MODEL_TEXT = "m.name"

_TASKS = """
select k.suite, k.task, k.title, k.runs, k.latest from (
    select p.suite, p.task, {title} as title, count(distinct p.evaluation) as runs, max(p.evaluation) as latest
    from bench_plans p join bench_tasks t on t.digest = p.digest group by 1, 2, 3
) k where {all_words}
order by lower(k.task) = lower(:whole) desc, starts_with(lower(k.task), lower(:whole)) desc,
    strpos(lower(k.title), lower(:whole)) > 0 desc, k.runs desc, k.suite, k.task limit :limit
"""
_TASK_TEXT = "concat_ws(' ', k.suite, k.task, k.title)"


def search(shell: Shell, words: str, limit: int) -> list[Hit]:
    """Runs by id, suite and model; models; tasks by id and title. Every word must be there; the nearest first."""
    # the database's text holds neither NUL nor half a character
    given = words.replace("\0", " ").encode("utf-8", "replace").decode().split()[:_MOST_WORDS]
    if not given or limit < 1:
        return []
    values: dict[str, object] = {"whole": " ".join(given), "limit": limit}
    values |= {f"word{number}": word.lower() for number, word in enumerate(given)}

    def query(text: str, over: str) -> sa.TextClause:
        # strpos and not LIKE: a search for 100% or a_b means these characters
        every = " and ".join(f"strpos(lower({over}), :word{number}) > 0" for number in range(len(given)))
        return sa.text(
            text.replace("{all_words}", every)
            .replace("{title}", _TITLE.replace(":", r"\:"))
            .replace("{record}", _RECORD)
        )

    with shell.store.engine.connect() as connection:
        models = [_model(row) for row in connection.execute(query(_MODELS, _MODEL_TEXT), values)]
        runs = [_run(row) for row in connection.execute(query(_RUNS, _RUN_TEXT), values)]
        tasks = [_task(row) for row in connection.execute(query(_TASKS, _TASK_TEXT), values)]
    return _shared(runs, models, tasks, limit, given)


def _shared(runs: list[Hit], models: list[Hit], tasks: list[Hit], limit: int, words: list[str]) -> list[Hit]:
    """What is named by just these words first; then in turn, so that many hits of one kind hide none of another."""
    hits = [
        hit
        for number in range(limit)
        for kind in (models, runs, tasks)
        if number < len(kind)
        for hit in (kind[number],)
    ]
    whole = " ".join(words).lower()
    return sorted(hits, key=lambda hit: hit.title.lower() != whole)[:limit]


def _run(row: "sa.Row[Any]") -> Hit:
    detail = f"{row.suites}: {row.models}" if row.models else str(row.suites)
    return Hit(kind="run", title=row.id, detail=f"{_cut(detail)} · {row.state}", href=addresses.run_page(row.id))


def _model(row: "sa.Row[Any]") -> Hit:
    runs = "1 run" if row.runs == 1 else f"{row.runs:,} runs"
    return Hit(kind="model", title=row.name, detail=f"{runs}, the latest {row.id}", href=addresses.run_page(row.id))


def _task(row: "sa.Row[Any]") -> Hit:
    runs = "1 run" if row.runs == 1 else f"{row.runs:,} runs"
    detail = f"{row.suite}: {row.title}" if row.title else row.suite
    href = addresses.task_page(row.latest, row.suite, row.task)
    return Hit(kind="task", title=row.task, detail=f"{_cut(detail)} · {runs}", href=href)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
