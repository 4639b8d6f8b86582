"""Turns: one program a learner, and whoever floods waits in a line of their own."""

import threading

import pytest

from assay.gym.queueing import Busy, Turns


def test_learners_take_turns_whoever_floods() -> None:
    turns = Turns(1, each=10)
    order: list[str] = []
    release = threading.Event()
    held = threading.Event()

    def hold() -> None:
        with turns.turn("holder"):
            held.set()
            release.wait(30)

    def work(learner: str) -> None:
        with turns.turn(learner):
            order.append(learner)

    threads = [threading.Thread(target=hold)]
    threads[0].start()
    held.wait(30)
    for learner in ["flood", "flood", "flood", "flood", "calm", "shy"]:
        before = turns.waiting
        threads.append(threading.Thread(target=work, args=(learner,)))
        threads[-1].start()
        while turns.waiting == before:
            pass
    release.set()
    for thread in threads:
        thread.join(30)
    assert order == ["flood", "calm", "shy", "flood", "flood", "flood"]


def test_a_learner_has_one_program_at_work_though_there_is_room_for_more() -> None:
    turns = Turns(2)
    inside: list[str] = []
    with turns.turn("me"):
        other = threading.Thread(target=lambda: _enter(turns, "me", inside))
        other.start()
        while not turns.waiting:
            pass
        with turns.turn("you"):
            assert inside == []
    other.join(30)
    assert inside == ["me"]


def _enter(turns: Turns, learner: str, inside: list[str]) -> None:
    with turns.turn(learner):
        inside.append(learner)


def test_who_waits_too_often_or_too_long_is_told_so() -> None:
    turns = Turns(1, each=1, everybody=2)
    with turns.turn("me"):
        waiting = [threading.Thread(target=lambda name=name: _enter(turns, name, [])) for name in ("a", "b")]
        for at, thread in enumerate(waiting):
            thread.start()
            while turns.waiting <= at:
                pass
        with pytest.raises(Busy, match="1 programs of yours wait already"), turns.turn("a"):
            pass
        with pytest.raises(Busy, match="2 programs wait already"), turns.turn("c"):
            pass
    for thread in waiting:
        thread.join(30)
    with turns.turn("x"), pytest.raises(Busy, match="no turn"), turns.turn("y", patience_s=0.01):
        pass
    assert turns.waiting == 0


def test_a_program_that_breaks_gives_its_place_back() -> None:
    turns = Turns(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), turns.turn("me", patience_s=0):
            raise ZeroDivisionError
    with turns.turn("me", patience_s=0), pytest.raises(Busy, match="no turn"), turns.turn("you", patience_s=0):
        pass


def test_there_are_as_many_places_as_were_said_and_a_refusal_takes_none() -> None:
    turns = Turns(2, each=1, everybody=1)
    for _ in range(3):
        with turns.turn("a", patience_s=0), turns.turn("b", patience_s=0):
            for learner in ("a", "c"):
                with pytest.raises(Busy, match="no turn"), turns.turn(learner, patience_s=0):
                    pass
        assert turns.waiting == 0


def test_whoever_gives_up_leaves_the_line_and_those_behind_keep_theirs() -> None:
    turns = Turns(1, each=2)
    inside: list[str] = []
    with turns.turn("me"):
        waiting = threading.Thread(target=lambda: _enter(turns, "you", inside))
        waiting.start()
        while not turns.waiting:
            pass
        for _ in range(3):  # were the first of these still in line, the third would be one too many
            with pytest.raises(Busy, match="There was no turn"), turns.turn("you", patience_s=0):
                pass
        assert turns.waiting == 1
        assert inside == []
    waiting.join(30)
    assert inside == ["you"]
    with turns.turn("you", patience_s=0):
        pass
