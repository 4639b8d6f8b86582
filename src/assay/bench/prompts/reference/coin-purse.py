"""What the coins of a purse come to."""

from math import prod


def worth(purse):
    return sum(prod(map(int, entry.split("x"))) for entry in purse.split())


if __name__ == "__main__":
    print(worth("3x100 4x25 0x10 7x1"))
