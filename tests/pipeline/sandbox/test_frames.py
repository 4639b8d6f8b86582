"""What a program says is cut into the same frames however it comes, and never fills our memory."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assay.pipeline.sandbox.frames import Frames

_LINES = st.lists(st.binary(max_size=8).map(lambda line: line.replace(b"\n", b" ")))


@given(_LINES, st.lists(st.integers(0, 40)))
def test_lines_are_the_same_frames_however_they_are_cut(lines: list[bytes], places: list[int]) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    frames = Frames(answers=True)
    cuts = [0, *sorted(place for place in places if place < len(whole)), len(whole)]
    for start, stop in pairwise(cuts):
        assert not frames.add(whole[start:stop])
    assert [frames.take() for _ in lines] == lines
    assert not frames


def taken_in(frames: Frames, piece: bytes) -> tuple[int, str]:
    """How many times it is taken in, and what is said of one more."""
    for count in range(300):
        if too_much := frames.add(piece):
            return count, too_much
    return 300, ""


def test_a_line_that_never_ends_is_too_much() -> None:
    assert taken_in(Frames(answers=False), bytes(1 << 20)) == (32, "an answer has more than 32 MiB")


def test_lines_that_nobody_takes_are_too_much_together() -> None:
    line = bytes((1 << 20) - 1) + b"\n"
    assert taken_in(Frames(answers=False), line) == (64, "answered with more than was asked for")
    assert Frames(answers=False).add(b"\n" * 200_000)


def test_answers_are_too_much_together_though_each_is_taken() -> None:
    frames, line = Frames(answers=True), bytes((1 << 20) - 1) + b"\n"
    for _ in range(32):
        assert not frames.add(line)
        frames.take()
    assert frames.add(line) == "its answers together have more than 32 MiB"


def test_what_is_taken_makes_room() -> None:
    frames, line = Frames(answers=False), bytes(1 << 20) + b"\n"
    for _ in range(200):
        assert not frames.add(line)
        assert len(frames.take()) == 1 << 20


def test_after_the_end_frames_are_counted_and_not_kept() -> None:
    frames, line = Frames(answers=True), bytes(1 << 20) + b"\n"
    frames.add(b"one\ntw")
    frames.end()
    assert taken_in(frames, line) == (300, "")
    assert frames.unasked == 301
    assert not frames
