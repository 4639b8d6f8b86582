"""Who came in which place."""

import sys


def places(points):
    return {name: 1 + sum(other > own for other in points.values()) for name, own in points.items()}


def main(argv):
    pairs = [text.split("=") for text in argv or ["north=7", "south=9", "east=9", "west=8"]]
    found = places({name: int(points) for name, points in pairs})
    for name, place in sorted(found.items(), key=lambda item: (item[1], item[0])):
        print(f"{place}. {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
