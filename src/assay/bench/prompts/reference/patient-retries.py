"""Try again, and wait longer each time."""

import random
import sys


def delays(attempts, first, most, chance):
    whole = [min(most, first * 2**attempt) for attempt in range(attempts)]
    return [chance.uniform(wait / 2, wait) for wait in whole]


def call(action, waits, sleep):
    left = list(waits)
    while True:
        try:
            return action()
        except OSError:
            if not left:
                raise
            sleep(left.pop(0))


def main(argv):
    most = 8
    waits = delays(6, 1, most, random.Random(1))
    assert all(wait <= most for wait in waits)
    print(f"waits: {len(waits)}, none over {most} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
