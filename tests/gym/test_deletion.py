"""A deleted learner's words stand nowhere in the database any more: every table of it is looked through."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from assay import workflows
from assay.gym import asking, drafting, learners, workflow
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.records.learners import Classroom, HelpAnswer, Learner
from assay.gym.tutor import cache
from assay.settings import Settings
from assay.store import Store
from tests.gym.tutor.helping import run, says, serve, somebody, tutor_at
from tests.servers import ScriptedReply

pytest.importorskip("dspy")

PROBLEM = "py-lists-filter-above"
MARK = "zebra_crossing"
"""Stands in all that the learner writes, and in what the model makes of it."""
MINE = f"def above(numbers, limit):\n    {MARK} = 0\n    return {MARK}\n"
LEAK = f"Write this:\n```python\n{MARK} = []\nfor n in numbers:\n    if n > limit:\n        {MARK}.append(n)\nreturn {MARK}\n```"
HINT = f"Your program gives back `{MARK}`. Read the task once more: what should come back instead, and why?"


def where_it_stands(store: Store) -> set[str]:
    """The tables that hold the mark, of all schemas."""
    tables = sa.text(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables"
        " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
    )
    with store.engine.connect() as connection:
        names: list[str] = list(connection.scalars(tables))
        assert {"public.gym_help", "dbos.workflow_status", "dbos.operation_outputs"} <= set(names)
        holds = "select exists (select from {} as one where one::text like :mark)"
        return {name for name in names if connection.scalar(sa.text(holds.format(name)), {"mark": f"%{MARK}%"})}


def test_nothing_a_deleted_learner_wrote_stands_in_any_table(store: Store, room: Classroom, tmp_path: Path) -> None:
    library, learner, other = Library(), somebody(store), somebody(store)
    problem = library.problem(PROBLEM)
    learners.join(store, learner, room.code, MARK)
    drafting.save_draft(store, learner.id, PROBLEM, "python", MINE, None)
    drafting.reset_draft(store, learner.id, PROBLEM, "python", f"# {MARK}")

    texts = iter((LEAK, HINT))

    def answer(prompt: str, nth: int) -> ScriptedReply:
        return says(next(texts))

    with Grader(Settings(home=tmp_path, workers=1)) as grader, serve(answer) as server:
        run(store, grader, learner, problem, "python", MINE)
        with tutor_at(store, library, grader, tmp_path, server, durable=True) as tutor:
            asked = tutor.help(learner, PROBLEM, "python", MINE)
            workflows.result(f"{workflow.PREFIX}:{asked.id}:1")
            first, again = asking.help_answers(store, learner.id, PROBLEM)
            assert (first.source, again.text) == ("authored", HINT)
            assert where_it_stands(store) == {
                f"public.gym_{name}" for name in ("learners", "drafts", "past_drafts", "attempts", "help", "hints")
            }
            learners.delete(store, learner.id)
            assert where_it_stands(store) == set()
            assert learners.by_id(store, other.id) == other
        # what was under way then leaves nothing either
        hint = cache.KeptHint(key="k", problem=PROBLEM, level=1, text=HINT, model="m")
        cache.keep(store, hint, learner.id)
        assert where_it_stands(store) == set()
        cache.keep(store, hint, other.id)
        assert where_it_stands(store) == {"public.gym_hints"}


def test_the_reasons_of_a_second_try_are_read_from_the_answer() -> None:
    broken = [{"rule": "block", "where": "", "why": "a whole block"}, {"rule": "words", "where": "", "why": "too long"}]
    kept = HelpAnswer(id="a", learner="b", problem="c", language="python", tool="hint", level=1)
    tries = [{"text": "x", "broken": broken, "passed": False}]
    assert workflow.refused(kept.model_copy(update={"gate": tries})) == ["a whole block", "too long"]
    assert workflow.refused(kept) == []
    assert workflow.refused(None) == []


def test_an_error_of_the_database_is_kept_in_our_words_only(store: Store, tmp_path: Path) -> None:
    learner = Learner(id="nobody")
    with (
        Grader(Settings(home=tmp_path, workers=1)) as grader,
        serve(lambda prompt, nth: says(HINT)) as server,
        tutor_at(store, Library(), grader, tmp_path, server, durable=True) as tutor,
    ):
        desk = tutor._open()
        assert desk is not None
        with store.engine.begin() as connection:
            connection.execute(sa.text("alter table gym_help rename column record to gone"))
        desk.begin(learner.id, "mine")
        with pytest.raises(workflows.WorkFailed, match="ended in ProgrammingError"):
            workflows.result(f"{workflow.PREFIX}:mine:1")
