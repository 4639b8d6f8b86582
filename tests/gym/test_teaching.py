"""Classes, assignments and what is drawn, without pages."""

from datetime import UTC, datetime, timedelta

import pytest

from assay.errors import AssayError
from assay.gym import learners, rooms, teaching
from assay.store import Store


def test_classes_are_told_apart_by_their_codes(store: Store) -> None:
    made = [teaching.create_class(store, "Mondays") for _ in range(20)]
    assert len({room.code for room in made}) == 20
    assert len({room.id for room in made}) == 20
    for room in made:
        assert rooms.classroom_by_code(store, room.shown_code) == room


def test_a_new_code_leaves_the_learners_in(store: Store) -> None:
    room = teaching.create_class(store, "Mondays")
    ada = learners.join(store, learners.create(store)[0], room.code, "Ada").learner
    changed = teaching.new_class_code(store, room.id)
    assert changed.code != room.code
    assert learners.by_id(store, ada.id).class_id == room.id


def test_an_exam_is_bounded_and_concerns_its_class_alone(store: Store) -> None:
    room, other = teaching.create_class(store, "Mondays"), teaching.create_class(store, "Tuesdays")
    ada = learners.join(store, learners.create(store)[0], room.code, "Ada").learner
    bob = learners.join(store, learners.create(store)[0], other.code, "Bob").learner
    for length in (timedelta(), timedelta(days=2), timedelta(minutes=-5)):
        with pytest.raises(AssayError, match="at most a day"):
            teaching.start_exam(store, room.id, length)
    teaching.start_exam(store, room.id, timedelta(hours=1))
    assert rooms.exam_until(store, ada)
    assert rooms.exam_until(store, bob) is None
    assert rooms.exam_until(store, learners.create(store)[0]) is None


def test_two_classes_may_have_learners_of_one_name(store: Store) -> None:
    for title in ("Mondays", "Tuesdays"):
        room = teaching.create_class(store, title)
        learners.join(store, learners.create(store)[0], room.code, "Ada")
    assert [line.learners for line in teaching.classes(store)] == [1, 1]


def test_assignments_stand_in_the_order_they_are_due(store: Store) -> None:
    room = teaching.create_class(store, "Mondays")
    now = datetime(2030, 1, 1, tzinfo=UTC)
    for title, due in (("never", None), ("late", now + timedelta(days=9)), ("soon", now)):
        teaching.assign(store, room.id, title, ["a", "b", "a"], due)
    found = rooms.assignments(store, room.id)
    assert [one.title for one in found] == ["soon", "late", "never"]
    assert found[0].problems == ("a", "b")
    teaching.take_back(store, "another class", found[0].id)
    assert len(rooms.assignments(store, room.id)) == 3
    teaching.take_back(store, room.id, found[0].id)
    assert len(rooms.assignments(store, room.id)) == 2
