"""The time a kilometre took."""

import sys


def pace(metres, time):
    if metres <= 0:
        raise ValueError("a run has a length")
    seconds = 0
    for part in time.split(":"):
        seconds = seconds * 60 + int(part)
    rounded = (2 * seconds * 1000 + metres) // (2 * metres)
    return f"{rounded // 60}:{rounded % 60:02d}"


def main(argv):
    metres, time = argv or ["21100", "1:45:30"]
    print(f"{pace(int(metres), time)} min/km")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
