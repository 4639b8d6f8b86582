"""How often one must walk to carry the luggage up."""

import sys


def trips(bags, limit):
    if any(bag > limit for bag in bags):
        raise ValueError("a bag is heavier than the limit")
    number, room = 0, 0
    for bag in bags:
        if number == 0 or bag > room:
            number, room = number + 1, limit
        room -= bag
    return number


def main(argv):
    limit, *bags = map(int, argv or ["10", "7", "4", "3", "2", "9"])
    try:
        print(f"trips: {trips(bags, limit)}")
    except ValueError:
        print("a bag is too heavy")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
