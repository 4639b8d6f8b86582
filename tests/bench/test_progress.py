"""How long a run may take yet, and when nothing can be said of it."""

import pytest

from assay.bench.progress import Pace, Progress, seconds_left
from assay.bench.terminal import progress_in_words


@pytest.mark.parametrize(
    ("fresh", "left", "elapsed_s"),
    [
        pytest.param(29, 391, 12, id="a group or two of very many"),
        pytest.param(1, 330, 60, id="one of very many, however long it took"),
        pytest.param(40, 290, 2, id="one group of them, at once"),
        pytest.param(0, 5, 600, id="nothing yet"),
    ],
)
def test_of_a_first_few_samples_no_time_left_is_told(fresh: int, left: int, elapsed_s: float) -> None:
    left_s = seconds_left(fresh, left, elapsed_s)
    assert left_s is None
    said = progress_in_words(Progress(fresh, fresh + left), Progress(0, fresh + left), elapsed_s, left_s)
    assert said.startswith(f"{fresh}/{fresh + left} done")
    assert "left" not in said


@pytest.mark.parametrize(
    ("fresh", "left", "elapsed_s", "expected"),
    [
        pytest.param(30, 320, 10, 320 / 3, id="thirty samples"),
        pytest.param(10, 320, 60, 1920, id="ten samples, that took a minute"),
        pytest.param(1, 3, 300, 900, id="one of four, of a slow model"),
        pytest.param(1, 9, 6, 54, id="a tenth of what there was to do"),
    ],
)
def test_time_left_is_told_at_the_pace_so_far_once_it_means_something(
    fresh: int, left: int, elapsed_s: float, expected: float
) -> None:
    assert seconds_left(fresh, left, elapsed_s) == pytest.approx(expected)


def told(looks: list[tuple[float, int]], total: int) -> list[float | None]:
    pace = Pace()
    said = []
    for at_s, done in looks:
        pace.look(done, at_s)
        said.append(pace.left_s(done, total - done, at_s))
    return said


def test_a_start_that_took_longer_than_all_the_rest_promises_no_minutes() -> None:
    """As it was with 420 replies to MBPP on two busy processors."""
    looks = [(0, 0), (5, 0), (10, 0), (15.6, 20), (16.8, 121), (17.8, 220), (19.5, 321), (20.2, 420)]
    assert set(told(looks, 420)) == {None}


def test_the_time_in_which_a_model_is_loaded_counts_for_none_of_the_other_samples() -> None:
    looks = [(0.0, 0), (60.0, 1), *((60.0 + 2 * number, 1 + number) for number in range(1, 100))]
    said = told(looks, 100)
    assert said[:11] == [None] * 11
    assert said[11:] == [pytest.approx(2 * (100 - done)) for _, done in looks[11:]]


def test_what_an_earlier_command_did_and_its_first_group_do_not_count_for_the_pace() -> None:
    assert told([(0, 150), (3, 160), (13, 170)], 200) == [None, None, pytest.approx(30)]
