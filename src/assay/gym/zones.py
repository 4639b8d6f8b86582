"""Time zones and moments as a teacher types them. Pure."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assay.errors import AssayError
from assay.visible import visible


def read_due(typed: str, zone: str) -> datetime | None:
    """When something is due, as a form says it (`2026-01-31T18:00`), in this time zone; None: never. Raises AssayError."""
    if not typed.strip():
        return None
    place = read_zone(zone)[1]
    try:
        local = datetime.fromisoformat(typed.strip())
        if re.fullmatch(r"\d{4}-\d\d-\d\d", typed.strip()):
            local = local.replace(hour=23, minute=59)
        due = local if local.tzinfo else local.replace(tzinfo=place)
        return due.astimezone(UTC)
    except (ValueError, OverflowError):
        raise AssayError(f"{visible(typed, 40)!r} is no date.", "Type it like 2026-01-31T18:00.") from None


def read_zone(typed: str) -> tuple[str, tzinfo]:
    """A time zone by its name (`Europe/Lisbon`) or its distance from UTC (`+05:30`). Raises AssayError."""
    name = typed.strip() or "UTC"
    if name.upper() in ("UTC", "Z", "GMT"):
        return "UTC", UTC
    if (found := re.fullmatch(r"(?:UTC)?([+-])(\d{1,2}):?(\d\d)?", name)) and int(found[2]) < 24:
        distance = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        sign, minutes = found[1], distance.seconds // 60
        return f"{sign}{minutes // 60:02}:{minutes % 60:02}", timezone(-distance if sign == "-" else distance)
    try:
        if len(name) <= 64 and re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", name):
            return name, ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise AssayError(
        f"{visible(name, 40)!r} is no time zone that this machine knows.",
        "Type one like Europe/Lisbon, or the distance from UTC like +05:30.",
    )
