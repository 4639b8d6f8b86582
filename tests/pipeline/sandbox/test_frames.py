"""What a program says is cut into the same frames however it comes, and never fills our memory."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assay.pipeline.sandbox.frames import Frames

_LINES = st.lists(st.binary(max_size=8).map(lambda line: line.replace(b"\n", b" ")))


@given(_LINES, st.lists(st.integers(0, 40)))
def test_lines_are_the_same_frames_however_they_are_cut(lines: list[bytes], places: list[int]) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    frames = Frames()
    cuts = [0, *sorted(place for place in places if place < len(whole)), len(whole)]
    for start, stop in pairwise(cuts):
        assert frames.add(whole[start:stop])
    assert [frames.take() for _ in lines] == lines
    assert not frames


def test_a_line_that_never_ends_is_too_much() -> None:
    frames, piece = Frames(), bytes(1 << 20)
    assert sum(frames.add(piece) for _ in range(40)) == 32


def test_lines_that_nobody_takes_are_too_much_together() -> None:
    frames, line = Frames(), bytes(1 << 20) + b"\n"
    assert sum(frames.add(line) for _ in range(80)) == 64
    few = Frames()
    assert not few.add(b"\n" * 200_000)


def test_what_is_taken_makes_room() -> None:
    frames, line = Frames(), bytes(1 << 20) + b"\n"
    for _ in range(200):
        assert frames.add(line)
        assert len(frames.take()) == 1 << 20


def test_after_the_end_frames_are_counted_and_not_kept() -> None:
    frames, line = Frames(), bytes(1 << 20) + b"\n"
    frames.add(b"one\ntw")
    frames.end()
    for _ in range(200):
        assert frames.add(line)
    assert frames.unasked == 201
    assert not frames
