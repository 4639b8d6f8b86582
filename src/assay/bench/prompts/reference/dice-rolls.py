"""Dice that fall the same way for the same seed."""

import random
import sys


def rolls(seed, count, sides=6):
    if count < 0 or sides < 2:
        raise ValueError("a die has two sides or more, and is not rolled less than not at all")
    chance = random.Random(seed)
    return [chance.randint(1, sides) for _ in range(count)]


def tally(values, sides=6):
    return [values.count(side) for side in range(1, sides + 1)]


def main(argv):
    seed, count = map(int, argv or ["7", "600"])
    values = rolls(seed, count)
    print(f"rolls: {len(values)}")
    print(f"all faces came: {'yes' if all(tally(values)) else 'no'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
