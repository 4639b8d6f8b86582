"""Time zones and due dates as somebody types them."""

from datetime import UTC, datetime, timedelta

import pytest

from assay.errors import AssayError
from assay.gym import zones


@pytest.mark.parametrize(
    ("typed", "name", "offset"),
    [
        ("", "UTC", 0),
        ("utc", "UTC", 0),
        ("+05:30", "+05:30", 330),
        ("UTC-3", "-03:00", -180),
        ("-0930", "-09:30", -570),
        ("Asia/Kolkata", "Asia/Kolkata", 330),
    ],
)
def test_a_time_zone_is_read_by_name_or_by_distance(typed: str, name: str, offset: int) -> None:
    found, zone = zones.read_zone(typed)
    assert found == name
    assert datetime(2030, 1, 1, tzinfo=zone).utcoffset() == timedelta(minutes=offset)


@pytest.mark.parametrize(
    "typed", ["Mars", "../../etc/passwd", "/etc/localtime", "+99:00", "a" * 100, "Europe/\0", "-", "\u202e"]
)
def test_what_is_no_time_zone_is_said(typed: str) -> None:
    with pytest.raises(AssayError, match="no time zone"):
        zones.read_zone(typed)


@pytest.mark.parametrize(
    ("typed", "zone", "due"),
    [
        ("", "UTC", None),
        ("2030-06-01T18:00", "UTC", datetime(2030, 6, 1, 18, tzinfo=UTC)),
        ("2030-06-01T18:00", "Europe/Lisbon", datetime(2030, 6, 1, 17, tzinfo=UTC)),
        ("2030-01-01T18:00", "Europe/Lisbon", datetime(2030, 1, 1, 18, tzinfo=UTC)),
        ("2030-06-01", "UTC", datetime(2030, 6, 1, 23, 59, tzinfo=UTC)),
        ("2030-06-01T18:00+02:00", "UTC", datetime(2030, 6, 1, 16, tzinfo=UTC)),
    ],
)
def test_a_due_date_is_read_in_its_zone_with_summer_time(typed: str, zone: str, due: datetime | None) -> None:
    assert zones.read_due(typed, zone) == due
