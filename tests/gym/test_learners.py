"""What is kept of learners: nothing is lost, nobody gets another's, and guessing does not pay."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from assay.errors import AssayError
from assay.gym import asking, attempting, drafting, guessing, learners, rooms, tables, teaching
from assay.gym.guessing import Tries
from assay.gym.records import CaseResult, Classroom, Graded, HelpAnswer, Learner
from assay.store import Store

PROBLEM = "py-lists-filter-above"


def graded(purpose: str = "run", verdict: str = "wrong", problem: str = PROBLEM, failed: str = "t1") -> Graded:
    outcome = "passed" if verdict == "pass" else "failed"
    case = CaseResult(number=1, id=failed, visibility="public", outcome=outcome, got="[1]")
    return Graded(problem=problem, language="python", purpose=purpose, verdict=verdict, cases=(case,))


@pytest.fixture
def ada(store: Store) -> Learner:
    return learners.create(store)[0]


@pytest.fixture
def room(store: Store) -> Classroom:
    return teaching.create_class(store, "Python, Mondays")


def test_the_tables_are_as_the_migrations_make_them(store: Store) -> None:
    def ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        return kind != "table" or name in tables.METADATA.tables

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, tables.METADATA) == []


# ---- who -----------------------------------------------------------------------------------------------------------


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
    tokens = [learners.recover(store, room.code, "Ada", word)[1] for _ in range(learners.MACHINES_KEPT)]
    assert learners.by_cookie(store, first) is None
    assert all(learners.by_cookie(store, token) for token in tokens)


def test_codes_hold_nothing_that_looks_alike() -> None:
    assert not set(guessing.LETTERS) & set("0O1IL2Z5S8BUAE")
    codes = {guessing.new_code() for _ in range(500)}
    assert len(codes) > 495
    assert all(set(code) <= set(guessing.LETTERS) and len(code) == 6 for code in codes)


def test_guessing_is_bounded_by_address_and_by_name_and_forgiven_in_time() -> None:
    now = [0.0]
    tries = Tries(lambda: now[0])
    for _ in range(10):
        assert tries.wait("10.0.0.1", "room ada") == 0
        tries.failed("10.0.0.1", "room ada")
    assert tries.wait("10.0.0.2", "room ADA") > 800  # the name, from wherever
    assert tries.wait("10.0.0.1", "room bob") == 0  # a class shares an address
    for number in range(50):
        tries.failed("10.0.0.1", f"room {number}")
    assert tries.wait("10.0.0.1", "room eve") > 800
    assert tries.wait("10.0.0.3", "room eve") == 0
    now[0] = 901
    assert tries.wait("10.0.0.1", "room ada") == 0


def test_guessing_from_many_addresses_is_bounded_in_all() -> None:
    tries = Tries(lambda: 0.0)
    count = 0
    while tries.wait(f"10.0.0.{count}") == 0:
        tries.failed(f"10.0.0.{count}")
        count += 1
    assert count == 400


# ---- drafts --------------------------------------------------------------------------------------------------------


def test_an_older_page_does_not_overwrite_and_loses_nothing(store: Store, ada: Learner) -> None:
    first = drafting.save_draft(store, ada.id, PROBLEM, "python", "one", None, tab="a")
    second = drafting.save_draft(store, ada.id, PROBLEM, "python", "two", first.version, tab="b")
    stale = drafting.save_draft(store, ada.id, PROBLEM, "python", "older", first.version, tab="a")
    assert stale.kept_aside
    assert (stale.text, stale.version) == ("two", second.version)
    stale = drafting.save_draft(store, ada.id, PROBLEM, "python", "older still", first.version, tab="a")
    assert stale.kept_aside
    past = drafting.past_drafts(store, ada.id, PROBLEM, "python")
    assert [(one.text, one.reason) for one in past] == [("older still", "aside")]
    mine = drafting.save_draft(store, ada.id, PROBLEM, "python", "older still", stale.version, tab="a")
    assert not mine.kept_aside
    assert mine.text == "older still"


@pytest.mark.parametrize("version", [0, -1, 99, 1 << 31, 1 << 63])
def test_a_version_that_was_made_up_is_an_older_page(store: Store, ada: Learner, version: int) -> None:
    drafting.save_draft(store, ada.id, PROBLEM, "python", "one", None)
    assert drafting.save_draft(store, ada.id, PROBLEM, "python", "two", version).kept_aside


def test_a_page_that_missed_an_answer_goes_on(store: Store, ada: Learner) -> None:
    first = drafting.save_draft(store, ada.id, PROBLEM, "python", "one", None, tab="a")
    drafting.save_draft(store, ada.id, PROBLEM, "python", "two", first.version, tab="a")
    third = drafting.save_draft(store, ada.id, PROBLEM, "python", "three", first.version, tab="a")
    assert (third.text, third.kept_aside, third.version) == ("three", False, 3)


def test_pages_that_save_at_once_lose_nothing(store: Store, ada: Learner) -> None:
    texts = [f"text {number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        drafts = list(pool.map(lambda text: drafting.save_draft(store, ada.id, PROBLEM, "python", text, None), texts))
    assert sum(not draft.kept_aside for draft in drafts) == 1
    current = drafting.read_draft(store, ada.id, PROBLEM, "python")
    assert current
    assert current.version == 1
    # one page without a draft is like another: of these the last stays, beside the one that came first
    assert [one.reason for one in drafting.past_drafts(store, ada.id, PROBLEM, "python")] == ["aside"]


def test_a_reset_can_be_undone_also_after_typing(store: Store, ada: Learner) -> None:
    drafting.save_draft(store, ada.id, PROBLEM, "python", "mine", None)
    reset = drafting.reset_draft(store, ada.id, PROBLEM, "python", "starter")
    assert reset.text == "starter"
    drafting.save_draft(store, ada.id, PROBLEM, "python", "starter, and more", reset.version)
    undone = drafting.undo_reset(store, ada.id, PROBLEM, "python")
    assert undone
    assert undone.text == "mine"
    assert [one.text for one in drafting.past_drafts(store, ada.id, PROBLEM, "python")] == ["starter, and more"]
    assert drafting.undo_reset(store, ada.id, PROBLEM, "python") is None


def test_the_history_of_drafts_is_bounded(store: Store, ada: Learner) -> None:
    for number in range(drafting.PAST_DRAFTS_KEPT + 5):
        drafting.save_draft(store, ada.id, PROBLEM, "python", f"{number}", number * 2 or None)
        drafting.reset_draft(store, ada.id, PROBLEM, "python", "starter")
    past = drafting.past_drafts(store, ada.id, PROBLEM, "python")
    assert len(past) == drafting.PAST_DRAFTS_KEPT
    assert past[0].text == f"{drafting.PAST_DRAFTS_KEPT + 4}"


@pytest.mark.parametrize("text", ["a\0b", "\udc80", "π\u202e\r\n\t", ""])
def test_any_text_can_be_kept(store: Store, ada: Learner, text: str) -> None:
    saved = drafting.save_draft(store, ada.id, PROBLEM, "python", text, None)
    assert drafting.read_draft(store, ada.id, PROBLEM, "python") == saved


def test_a_text_that_is_too_long_is_refused_in_words(store: Store, ada: Learner) -> None:
    with pytest.raises(AssayError, match="65,537 characters"):
        drafting.save_draft(store, ada.id, PROBLEM, "python", "x" * 65_537, None)


def test_each_learner_and_language_has_a_draft_of_its_own(store: Store, ada: Learner) -> None:
    bob, _ = learners.create(store)
    drafting.save_draft(store, ada.id, PROBLEM, "python", "ada's", None)
    assert drafting.read_draft(store, bob.id, PROBLEM, "python") is None
    assert drafting.read_draft(store, ada.id, PROBLEM, "javascript") is None
    drafting.reset_draft(store, ada.id, PROBLEM, "python", "starter")
    past = drafting.past_drafts(store, ada.id, PROBLEM, "python")[0]
    drafting.save_draft(store, bob.id, PROBLEM, "python", "bob's", None)
    assert drafting.restore_draft(store, bob.id, PROBLEM, "python", past.id) is None
    assert drafting.past_drafts(store, bob.id, PROBLEM, "python") == []


# ---- attempts and progress -------------------------------------------------------------------------------------------


def test_attempts_are_kept_and_counted(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded(), "x = 1", misconception="boundary")
    attempting.add_attempt(store, ada.id, graded("submit", "wrong"), "x = 2")
    last = attempting.add_attempt(store, ada.id, graded("submit", "pass"), "x = 3")
    kept = attempting.attempts(store, ada.id, PROBLEM)
    assert [one.source for one in kept] == ["x = 3", "x = 2", "x = 1"]
    assert kept[0] == last
    assert kept[2].misconception == ""
    assert attempting.attempts(store, ada.id, PROBLEM, noticed=True)[2].misconception == "boundary"
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert (standing.state, standing.runs, standing.submissions) == ("passed", 1, 2)


def test_a_run_that_passes_is_no_submission_that_passes(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded("run", "pass"), "x")
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert standing.state == "tried"


def test_what_was_passed_stays_passed(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded("submit", "pass"), "x")
    before = attempting.progress(store, ada.id).of(PROBLEM)
    attempting.add_attempt(store, ada.id, graded("submit", "wrong"), "y")
    after = attempting.progress(store, ada.id).of(PROBLEM)
    assert before
    assert after
    assert after.passed == before.passed


def test_attempts_are_bounded_but_the_first_that_passed_stays(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded(), "first")
    attempting.add_attempt(store, ada.id, graded("submit", "pass"), "solved")
    for number in range(attempting.ATTEMPTS_KEPT + 3):
        attempting.add_attempt(store, ada.id, graded(), f"{number}")
    kept = attempting.attempts(store, ada.id, PROBLEM)
    assert len(kept) == attempting.ATTEMPTS_KEPT + 1
    assert kept[-1].source == "solved"
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert standing.attempts == attempting.ATTEMPTS_KEPT + 5


def test_what_the_console_did_is_no_attempt(store: Store, ada: Learner) -> None:
    with pytest.raises(ValueError, match="no attempt"):
        attempting.add_attempt(store, ada.id, graded("console"), "x")


def test_another_learners_attempt_is_not_to_be_had(store: Store, ada: Learner) -> None:
    mine = attempting.add_attempt(store, ada.id, graded(), "ada's")
    bob, _ = learners.create(store)
    assert attempting.attempt(store, bob.id, mine.id) is None
    assert attempting.attempts(store, bob.id, PROBLEM) == []
    assert attempting.progress(store, bob.id).standings == ()
    assert attempting.attempt(store, ada.id, mine.id) == mine


def test_a_draft_alone_is_a_beginning_and_what_was_last_stands_first(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded(), "x")
    drafting.save_draft(store, ada.id, "py-lists-other", "javascript", "y", None)
    progress = attempting.progress(store, ada.id)
    assert [(one.problem, one.state) for one in progress.standings] == [
        ("py-lists-other", "started"),
        (PROBLEM, "tried"),
    ]
    drafting.save_draft(store, ada.id, PROBLEM, "python", "z", None)
    assert attempting.progress(store, ada.id).standings[0].problem == PROBLEM


def test_runs_at_once_are_all_counted(store: Store, ada: Learner) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: attempting.add_attempt(store, ada.id, graded(), f"{number}"), range(24)))
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert standing.runs == 24


# ---- help ----------------------------------------------------------------------------------------------------------


def asked(learner: Learner, name: str = "h1") -> HelpAnswer:
    return HelpAnswer(
        id=name, learner=learner.id, problem=PROBLEM, language="python", tool="hint", level=1, facts={"failing": ["t1"]}
    )


def test_a_request_for_help_survives_until_it_is_answered_once(store: Store, ada: Learner) -> None:
    request = asking.add_help(store, asked(ada))
    assert request.state == "asked"
    assert request.created
    assert asking.add_help(store, asked(ada)) == request
    assert asking.waiting_help(store) == [request]
    answer = asked(ada).model_copy(
        update={"state": "done", "text": "Look at line 2.", "source": "model", "gate": [{"rules": []}]}
    )
    kept = asking.add_help(store, answer)
    assert (kept.text, kept.source, kept.facts, kept.gate) == (
        "Look at line 2.",
        "model",
        {"failing": ["t1"]},
        [{"rules": []}],
    )
    assert kept.answered
    twice = asking.add_help(store, answer.model_copy(update={"text": "Something else."}))
    assert twice == kept
    assert asking.waiting_help(store) == []
    assert asking.help_answers(store, ada.id, PROBLEM) == [kept]


def test_thumbs_are_the_askers_own(store: Store, ada: Learner) -> None:
    asking.add_help(store, asked(ada))
    bob, _ = learners.create(store)
    assert not asking.rate_help(store, bob.id, "h1", -1)
    assert asking.rate_help(store, ada.id, "h1", 1)
    assert [one.thumbs for one in asking.help_answers(store, ada.id, PROBLEM)] == [1]
    assert asking.help_answer(store, bob.id, "h1") is None


def test_nobody_answers_into_anothers_request(store: Store, ada: Learner) -> None:
    asking.add_help(store, asked(ada))
    bob, _ = learners.create(store)
    with pytest.raises(AssayError, match="not yours"):
        asking.add_help(store, asked(bob).model_copy(update={"state": "done", "text": "mine"}))
    assert asking.help_answers(store, ada.id, PROBLEM)[0].text == ""


def test_help_is_counted_in_the_progress(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded(), "x")
    asking.add_help(store, asked(ada))
    asking.add_help(store, asked(ada, "h2"))
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert standing.help == 2


# ---- deletion --------------------------------------------------------------------------------------------------------


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
