"""What two texts share."""

from hypothesis import example, given
from hypothesis import strategies as st

from assay.pipeline.likeness import shared_start

TEXTS = st.text(alphabet="ab", max_size=12)


@given(TEXTS, TEXTS)
@example("", "a")
@example("aba", "aba")
def test_two_texts_begin_alike_up_to_where_they_part(one: str, other: str) -> None:
    until = shared_start(one, other)
    assert one[:until] == other[:until]
    assert one[until : until + 1] != other[until : until + 1] or one == other
