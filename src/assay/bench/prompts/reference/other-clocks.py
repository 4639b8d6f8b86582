"""One moment on clocks elsewhere."""

import sys
from datetime import datetime, timedelta, timezone


def there(moment, offset):
    here = datetime.fromisoformat(moment)
    if here.tzinfo is None:
        raise ValueError("the moment has no offset from UTC")
    hours, minutes = offset[1:].split(":")
    away = timedelta(hours=int(hours), minutes=int(minutes))
    return here.astimezone(timezone(-away if offset[0] == "-" else away)).isoformat(timespec="minutes")


def main(argv):
    moment, *offsets = argv or ["2026-02-28T23:45+01:00", "+05:30", "-08:00"]
    for offset in offsets:
        print(there(moment, offset))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
