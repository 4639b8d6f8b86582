"""A random walk on a grid."""

import random
import sys

WAYS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def walk(steps, seed):
    if steps < 0:
        raise ValueError("nobody walks less than no step")
    chance = random.Random(seed)
    places = [(0, 0)]
    for _ in range(steps):
        (x, y), (right, up) = places[-1], chance.choice(WAYS)
        places.append((x + right, y + up))
    return places


def farthest(places):
    return max(abs(x) + abs(y) for x, y in places)


def main(argv):
    steps, seed = map(int, argv or ["200", "11"])
    places = walk(steps, seed)
    apart = [abs(x - a) + abs(y - b) for (x, y), (a, b) in zip(places, places[1:], strict=False)]
    print(f"places: {len(places)}")
    print(f"never jumped: {'yes' if all(distance == 1 for distance in apart) else 'no'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
