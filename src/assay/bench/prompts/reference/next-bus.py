"""How long until the next bus."""

import sys


def wait(now, minutes):
    if not minutes:
        raise ValueError("no bus leaves at all")
    minute = int(now.split(":")[1])
    return min((departure - minute) % 60 for departure in minutes)


def main(argv):
    now, *minutes = argv or ["09:58", "5", "35"]
    print(f"next bus in {wait(now, [int(minute) for minute in minutes])} min")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
