"""Whole and cut tiles for a floor."""

import sys


def tiles(width, depth, size):
    if min(width, depth, size) <= 0:
        raise ValueError("every length must be above 0")
    whole = (width // size) * (depth // size)
    needed = -(-width // size) * -(-depth // size)
    return whole, needed - whole


def main(argv):
    whole, cut = tiles(*map(int, argv or ["250", "310", "60"]))
    print(f"whole: {whole}, cut: {cut}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
