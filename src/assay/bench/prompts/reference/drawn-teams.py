"""Draw teams by lot."""

import random
import sys


def teams(names, number, seed):
    if number < 1:
        raise ValueError("there must be a team")
    drawn = list(names)
    random.Random(seed).shuffle(drawn)
    return [drawn[team::number] for team in range(number)]


def main(argv):
    seed, number, *names = argv or "5 3 ash birch cedar elm fir hazel larch".split()
    for place, team in enumerate(teams(names, int(number), int(seed)), 1):
        print(f"team {place}: {len(team)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
