"""Who learns: a cookie, a name and a word, and nothing else opens what is somebody's; what is deleted is gone."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from assay.errors import AssayError
from assay.gym import asking, attempting, drafting, learners, rooms, tables, teaching
from assay.gym.records.learners import Classroom, Learner
from assay.store import Store
from tests.gym.made import PROBLEM, asked, graded


def test_the_tables_are_as_the_migrations_make_them(store: Store) -> None:
    def ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        return kind != "table" or name in tables.METADATA.tables

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, tables.METADATA) == []


def test_a_learner_is_known_by_the_cookie_of_which_only_the_hash_is_kept(store: Store) -> None:
    ada, token = learners.create(store)
    bob, other = learners.create(store)
    assert learners.by_cookie(store, token) == ada
    assert learners.by_cookie(store, other) == bob
    with store.engine.connect() as connection:
        kept = str(connection.execute(sa.text("select * from gym_machines, gym_learners")).all())
    assert token not in kept


@pytest.mark.parametrize("token", ["", "no", "x" * 10_000, "\ud800", "' or 1=1 --"])
def test_a_made_up_cookie_is_nobody(store: Store, ada: Learner, token: str) -> None:
    assert learners.by_cookie(store, token) is None


def test_a_class_is_joined_by_its_code_however_it_is_typed(store: Store, ada: Learner, room: Classroom) -> None:
    joined = learners.join(store, ada, f" {room.code[:3].lower()} {room.code[3:].lower()} ", "  Ada   Lovelace ")
    assert joined.learner == Learner(id=ada.id, name="Ada Lovelace", class_id=room.id)
    assert joined.word
    assert learners.by_id(store, ada.id) == joined.learner
    again = learners.join(store, joined.learner, room.shown_code, "Ada")
    assert again.word is None
    assert again.learner.name == "Ada"


def test_whoever_comes_back_with_class_name_and_word_finds_everything(store: Store, room: Classroom) -> None:
    ada, first = learners.create(store)
    word = learners.join(store, ada, room.code, "Ada").word
    assert word
    drafting.save_draft(store, ada.id, PROBLEM, "python", "x = 1", None)
    back, token = learners.recover(store, room.shown_code, "ada", word.upper().replace("-", " "))
    assert back.id == ada.id
    assert learners.by_cookie(store, token) == back
    assert learners.by_cookie(store, first) == back
    draft = drafting.read_draft(store, back.id, PROBLEM, "python")
    assert draft
    assert draft.text == "x = 1"


@pytest.mark.parametrize(
    ("name", "word"),
    [("Ada", ""), ("Ada", "tulip-river-472"), ("Bob", None), ("", None), ("\0", "\0")],
    ids=["no word", "another word", "another name", "no name", "NUL"],
)
def test_nobody_comes_back_without_both_name_and_word(
    store: Store, ada: Learner, room: Classroom, name: str, word: str | None
) -> None:
    made = learners.join(store, ada, room.code, "Ada").word
    with pytest.raises(rooms.WrongCode, match="Nobody of Python, Mondays has this name and this word"):
        learners.recover(store, room.code, name, made or "" if word is None else word)


def test_a_word_that_was_replaced_or_never_given_opens_nothing(store: Store, ada: Learner, room: Classroom) -> None:
    old = learners.join(store, ada, room.code, "Ada").word or ""
    new = learners.give_word(store, ada.id)
    with pytest.raises(rooms.WrongCode):
        learners.recover(store, room.code, "Ada", old)
    assert learners.recover(store, room.code, "Ada", new)[0].id == ada.id
    with store.engine.begin() as connection:
        connection.execute(sa.text("update gym_learners set word_hash = null"))
    with pytest.raises(rooms.WrongCode):
        learners.recover(store, room.code, "Ada", "")


def test_two_of_a_class_are_not_called_the_same(store: Store, ada: Learner, room: Classroom) -> None:
    learners.join(store, ada, room.code, "Ada")
    bob, _ = learners.create(store)
    with pytest.raises(AssayError, match="called ADA already") as caught:
        learners.join(store, bob, room.code, "ADA")
    assert "come back with your word" in caught.value.help
    assert learners.by_id(store, bob.id).class_id is None


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\u202eb", "a\x07b"])
def test_a_name_that_cannot_be_read_is_refused(store: Store, ada: Learner, room: Classroom, name: str) -> None:
    with pytest.raises(AssayError):
        learners.join(store, ada, room.code, name)


def test_a_class_that_is_closed_takes_nobody(store: Store, ada: Learner, room: Classroom) -> None:
    teaching.change_class(store, room.id, open=False)
    with pytest.raises(AssayError, match="takes nobody new"):
        learners.join(store, ada, room.code, "Ada")


def test_a_wrong_code_is_told_apart_from_other_mistakes(store: Store, ada: Learner) -> None:
    with pytest.raises(rooms.WrongCode, match="No class has the code 'CCCCCC'"):
        learners.join(store, ada, "CCCCCC", "Ada")


def test_a_machine_that_is_forgotten_opens_nothing(store: Store) -> None:
    ada, token = learners.create(store)
    learners.forget_machine(store, token)
    assert learners.by_cookie(store, token) is None
    assert learners.by_id(store, ada.id) == ada


def test_the_oldest_of_many_machines_is_forgotten(store: Store, room: Classroom) -> None:
    ada, first = learners.create(store)
    word = learners.join(store, ada, room.code, "Ada").word or ""
    others = [{"token_hash": f"{number}", "learner": ada.id} for number in range(learners.MACHINES_KEPT - 1)]
    with store.engine.begin() as connection:
        connection.execute(sa.insert(tables.MACHINES), others)
    assert learners.by_cookie(store, first)
    _, token = learners.recover(store, room.code, "Ada", word)
    assert learners.by_cookie(store, first) is None
    assert learners.by_cookie(store, token)
    with store.engine.connect() as connection:
        kept = set(connection.scalars(sa.select(tables.MACHINES.c.token_hash)))
    assert len(kept) == learners.MACHINES_KEPT
    assert {one["token_hash"] for one in others} < kept


def test_a_deleted_learner_leaves_nothing_and_late_saves_say_so(store: Store, room: Classroom) -> None:
    ada, token = learners.create(store)
    learners.join(store, ada, room.code, "Ada")
    drafting.save_draft(store, ada.id, PROBLEM, "python", "x", None)
    drafting.reset_draft(store, ada.id, PROBLEM, "python", "y")
    attempting.add_attempt(store, ada.id, graded(), "x")
    asking.add_help(store, asked(ada))
    learners.delete(store, ada.id)
    assert learners.by_cookie(store, token) is None
    with store.engine.connect() as connection:
        for table in tables.METADATA.sorted_tables:
            expected = 1 if table.name == "gym_classes" else 0
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == expected, table.name
    for late in (
        lambda: drafting.save_draft(store, ada.id, PROBLEM, "python", "x", 1),
        lambda: attempting.add_attempt(store, ada.id, graded(), "x"),
        lambda: asking.add_help(store, asked(ada)),
        lambda: learners.give_word(store, ada.id),
    ):
        with pytest.raises(learners.Gone):
            late()
