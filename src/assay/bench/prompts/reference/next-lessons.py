"""When the next weekly lessons are."""

import sys
from datetime import datetime, time, timedelta


def next_lessons(after, weekday, time, count):
    if not 0 <= weekday <= 6:
        raise ValueError("a weekday is 0 (Monday) to 6 (Sunday)")
    day = after.date() + timedelta(days=(weekday - after.weekday()) % 7)
    first = datetime.combine(day, time)
    if first <= after:
        first += timedelta(days=7)
    return [first + timedelta(days=7 * week) for week in range(count)]


def main(argv):
    after, count = argv or ["2026-02-26T18:00", "3"]
    for lesson in next_lessons(datetime.fromisoformat(after), 3, time(18, 0), int(count)):
        print(f"{lesson:%Y-%m-%d %H:%M}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
