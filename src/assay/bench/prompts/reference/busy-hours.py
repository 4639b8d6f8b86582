"""Count the events of a log by the hour."""

import re
from pathlib import Path

EVENT = re.compile(r"\d{4}-\d{2}-\d{2} (\d{2}):\d{2} \S+ .+")
SAMPLE = """\
2026-03-02 09:15 INFO started
2026-03-02 09:59 WARN slow
not an event
2026-03-02 14:00 ERROR failed
2026-03-03 09:00 INFO started
"""


def busy_hours(path):
    hours = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if match := EVENT.fullmatch(line):
            hours[match[1]] = hours.get(match[1], 0) + 1
    return dict(sorted(hours.items()))


def main(folder):
    log = Path(folder) / "events.log"
    log.write_text(SAMPLE, encoding="utf-8")
    for hour, number in busy_hours(log).items():
        print(hour, number)
    return 0


if __name__ == "__main__":
    main(".")
