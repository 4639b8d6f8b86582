"""What is open, what comes next, and what is due: for any course and any progress."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.gym import practice
from assay.gym.records.learners import Assignment, Progress, Standing
from assay.gym.records.problems import Course, Problem, Topic

NOW = datetime(2026, 1, 1, tzinfo=UTC)
IDEAS = ["values", "lists", "loops", "text", "functions"]


def problem(name: str, concepts: tuple[str, ...], prerequisites: tuple[str, ...] = ()) -> Problem:
    return Problem.model_validate(
        {
            "schema": "assay/problem@1",
            "id": name,
            "title": name,
            "difficulty": "easy",
            "minutes": 5,
            "concepts": concepts,
            "prerequisites": prerequisites,
            "statement": "Do it.",
            "languages": {"python": {"entry": "f", "starter": "", "solution": ""}},
            "tests": [{"id": "t1", "args": []}],
            "hints": [{"level": 1, "kind": "concept", "text": "Think."}],
        }
    )


def course(topics: list[list[Problem]], name: str = "python") -> Course:
    made = [
        Topic(id=f"{name}-t{at}", title="T", summary="", lesson="", teaches=(), problems=tuple(one.id for one in group))
        for at, group in enumerate(topics)
    ]
    problems = tuple(one for group in topics for one in group)
    return Course(id=name, title="C", language="python", summary="", topics=tuple(made), concepts=(), problems=problems)


def standing(name: str, *, passed: bool = True, minutes: int = 0, runs: int = 1) -> Standing:
    at = NOW + timedelta(minutes=minutes)
    return Standing(problem=name, language="python", runs=runs, passed=at if passed else None, last=at)


def progress(*standings: Standing) -> Progress:
    latest = sorted(standings, key=lambda one: one.last, reverse=True)
    return Progress(learner="ada", standings=tuple(latest))


def states(view: practice.Overview) -> dict[str, str]:
    return {step.problem.id: step.state for one in view.courses for step in one.steps()}


@st.composite
def courses(draw: st.DrawFn) -> list[Course]:
    ideas = st.lists(st.sampled_from(IDEAS), max_size=3, unique=True).map(tuple)
    some = ideas.filter(bool)
    made = []
    for number in range(draw(st.integers(1, 2))):
        sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
        groups = [
            [problem(f"c{number}-{at}-{one}", draw(some), draw(ideas)) for one in range(size)]
            for at, size in enumerate(sizes)
        ]
        made.append(course(groups, f"c{number}"))
    return made


def names(made: list[Course]) -> list[str]:
    return [one.id for one_course in made for one in one_course.problems]


@given(courses(), st.data())
@settings(max_examples=60, deadline=None)
def test_to_solve_more_never_closes_anything(made: list[Course], data: st.DataObject) -> None:
    solved = data.draw(st.lists(st.sampled_from(names(made)), unique=True))
    more = data.draw(st.sampled_from(names(made)))
    before = states(practice.overview(made, progress(*map(standing, solved))))
    after = states(practice.overview(made, progress(*map(standing, {*solved, more}))))
    assert {name for name in before if before[name] != "locked"} <= {name for name in after if after[name] != "locked"}


@given(courses(), st.data())
@settings(max_examples=60, deadline=None)
def test_as_long_as_something_is_unsolved_something_unsolved_is_open(made: list[Course], data: st.DataObject) -> None:
    solved = data.draw(st.lists(st.sampled_from(names(made)), unique=True))
    view = practice.overview(made, progress(*map(standing, solved)))
    for one in view.courses:
        unsolved = [step for step in one.steps() if step.state != "passed"]
        assert (one.next is None) == (not unsolved)
        if one.next is not None:
            step = view.step(one.next)
            assert step
            assert step.state in ("open", "tried", "started")
    assert (view.continue_with is None) == (set(solved) == set(names(made)))


@given(courses())
@settings(max_examples=40, deadline=None)
def test_whoever_always_takes_the_next_solves_everything(made: list[Course]) -> None:
    solved: list[str] = []
    for _ in names(made):
        following = practice.overview(made, progress(*(standing(one, minutes=at) for at, one in enumerate(solved))))
        assert following.continue_with
        assert following.continue_with not in solved
        solved.append(following.continue_with)
    assert sorted(solved) == sorted(names(made))


@given(courses(), st.data())
@settings(max_examples=40, deadline=None)
def test_what_is_locked_says_what_opens_it(made: list[Course], data: st.DataObject) -> None:
    solved = data.draw(st.lists(st.sampled_from(names(made)), unique=True))
    view = practice.overview(made, progress(*map(standing, solved)))
    for one in view.courses:
        for step in one.steps():
            assert step.locked == bool(step.missing) == bool(step.unlocked_by)
            if step.locked:
                opened = practice.overview(made, progress(*map(standing, {*solved, *step.unlocked_by})))
                found = opened.step(step.problem.id)
                assert found
                assert found.state == "open"


@given(courses(), st.data())
@settings(max_examples=40, deadline=None)
def test_what_was_assigned_or_begun_is_open(made: list[Course], data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from(names(made)))
    assert states(practice.overview(made, progress(), [chosen]))[chosen] == "open"
    tried = progress(standing(chosen, passed=False))
    assert states(practice.overview(made, tried))[chosen] == "tried"
    begun = progress(standing(chosen, passed=False, runs=0))
    assert states(practice.overview(made, begun))[chosen] == "started"


def test_the_first_problem_is_open_and_a_later_one_says_why_not() -> None:
    made = course([[problem("a", ("lists",)), problem("b", ("loops",), ("lists",))]])
    view = practice.overview([made], progress())
    assert states(view) == {"a": "open", "b": "locked"}
    step = view.step("b")
    assert step
    assert (step.missing, step.unlocked_by) == (("lists",), ("a",))
    assert (view.courses[0].next, view.continue_with) == ("a", "a")


def test_a_prerequisite_that_nothing_before_practises_locks_nothing() -> None:
    made = course([[problem("a", ("loops",), ("lists",)), problem("b", ("lists",))]])
    assert states(practice.overview([made], progress())) == {"a": "open", "b": "open"}


def test_what_was_left_unsolved_is_continued() -> None:
    made = course([[problem("a", ("x",)), problem("b", ("x",)), problem("c", ("x",))]])
    view = practice.overview([made], progress(standing("a"), standing("c", passed=False, minutes=5)))
    assert view.continue_with == "c"
    assert view.courses[0].next == "b"


def test_after_the_last_solved_comes_the_one_behind_it() -> None:
    made = course([[problem("a", ("x",)), problem("b", ("x",)), problem("c", ("x",))]])
    assert practice.overview([made], progress(standing("b"))).continue_with == "c"
    assert practice.overview([made], progress(standing("c"))).continue_with == "a"
    assert practice.overview([made], progress(*map(standing, "abc"))).continue_with is None


def test_progress_at_a_problem_that_is_gone_changes_nothing() -> None:
    made = course([[problem("a", ("x",))]])
    view = practice.overview([made], progress(standing("gone", passed=False, minutes=9)))
    assert view.continue_with == "a"
    assert view.step("gone") is None


def test_without_courses_there_is_nothing_to_do() -> None:
    assert practice.overview([], progress(standing("a"))) == practice.Overview((), None)


@pytest.mark.parametrize(
    ("solved_after", "due_after", "state"),
    [
        (1, 2, "done"),
        (3, 2, "late"),
        (None, 99, "open"),
        (None, 2, "missed"),
        (1, None, "done"),
        (None, None, "open"),
    ],
)
def test_an_assignment_is_done_late_missed_or_open(solved_after: int | None, due_after: int | None, state: str) -> None:
    due = None if due_after is None else NOW + timedelta(minutes=due_after)
    made = Assignment(id="x", class_id="c", title="Week 1", problems=("a",), due=due, created=NOW)
    solved = () if solved_after is None else (standing("a", minutes=solved_after),)
    (one,) = practice.dues([made], progress(*solved))
    assert one.state(NOW + timedelta(minutes=50)) == state


def test_an_assignment_counts_what_is_solved_late_and_open() -> None:
    made = Assignment(
        id="x", class_id="c", title="W", problems=("a", "b", "c"), due=NOW + timedelta(minutes=5), created=NOW
    )
    (one,) = practice.dues([made], progress(standing("a", minutes=1), standing("b", minutes=9)))
    assert (one.solved, one.late, one.open) == (("a", "b"), ("b",), ("c",))
