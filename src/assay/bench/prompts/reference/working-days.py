"""Count working days from a date."""

import sys
from datetime import date, timedelta


def add_working_days(day, number, holidays=()):
    free = set(holidays)
    step = timedelta(days=1 if number > 0 else -1)
    left = abs(number)
    while left:
        day += step
        if day.weekday() < 5 and day not in free:
            left -= 1
    return day


def main(argv):
    day, number, *holidays = argv or ["2026-12-23", "3", "2026-12-25"]
    free = [date.fromisoformat(text) for text in holidays]
    print(add_working_days(date.fromisoformat(day), int(number), free).isoformat())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
