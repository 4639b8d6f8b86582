"""Draw some lines out of many, reading them once."""

import random
import sys


def handful(lines, number, chance):
    if number < 0:
        raise ValueError("nobody draws less than no line")
    drawn = []
    for place, line in enumerate(lines):
        if len(drawn) < number:
            drawn.append((place, line))
        else:
            other = chance.randint(0, place)
            if other < number:
                drawn[other] = (place, line)
    return [line for _, line in sorted(drawn, key=lambda pair: pair[0])]


def main(argv):
    seed, number = map(int, argv or ["2", "4"])
    lines = [f"line {place}" for place in range(1, 101)]
    drawn = handful(iter(lines), number, random.Random(seed))
    places = [lines.index(line) for line in drawn]
    print(f"drawn: {len(drawn)}")
    print(f"in order: {'yes' if places == sorted(places) else 'no'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
