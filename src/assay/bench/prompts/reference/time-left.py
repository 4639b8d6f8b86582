"""How long it is until then."""

import sys
from datetime import datetime


def time_left(now, then):
    if then <= now:
        return "over"
    left = then - now
    hours, rest = divmod(left.seconds, 3600)
    clock = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{left.days} d {clock}" if left.days else clock


def main(argv):
    now, then = argv or ["2026-03-01T12:00:00", "2026-03-03T09:30:15"]
    print(time_left(datetime.fromisoformat(now), datetime.fromisoformat(then)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
