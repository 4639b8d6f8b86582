"""What a traffic light shows."""

import sys


def light(second):
    if second < 0:
        raise ValueError("the light was not there yet")
    place = second % 60
    return "green" if place < 30 else "amber" if place < 35 else "red"


def main(argv):
    for second in map(int, argv or ["31", "44", "125"]):
        print(second, light(second))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
