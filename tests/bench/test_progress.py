"""How long a run may take yet, and when nothing can be said of it."""

import pytest

from assay.bench.progress import Progress, seconds_left
from assay.bench.terminal import progress_in_words


@pytest.mark.parametrize(
    ("fresh", "left", "elapsed_s"),
    [
        pytest.param(1, 330, 1.05, id="one sample, behind which the whole start lies"),
        pytest.param(1, 330, 60, id="one of very many, however long it took"),
        pytest.param(40, 290, 2, id="one group of them, at once"),
        pytest.param(0, 5, 600, id="nothing yet"),
    ],
)
def test_of_a_first_few_samples_no_time_left_is_told(fresh: int, left: int, elapsed_s: float) -> None:
    assert seconds_left(fresh, left, elapsed_s) is None
    said = progress_in_words(Progress(fresh, fresh + left), Progress(0, fresh + left), elapsed_s)
    assert said.startswith(f"{fresh}/{fresh + left} done")
    assert "left" not in said


@pytest.mark.parametrize(
    ("fresh", "left", "elapsed_s", "expected"),
    [
        pytest.param(10, 320, 10, 320, id="ten samples"),
        pytest.param(1, 3, 300, 900, id="one of four, of a slow model"),
        pytest.param(1, 9, 6, 54, id="a tenth of what there was to do"),
    ],
)
def test_time_left_is_told_at_the_pace_so_far_once_it_means_something(
    fresh: int, left: int, elapsed_s: float, expected: float
) -> None:
    assert seconds_left(fresh, left, elapsed_s) == pytest.approx(expected)
