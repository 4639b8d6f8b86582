"""Seat numbers that run through a hall like a snake."""

import sys


def seats(rows, columns):
    if columns < 1:
        return []
    hall = [list(range(row * columns + 1, (row + 1) * columns + 1)) for row in range(rows)]
    return [numbers[::-1] if row % 2 else numbers for row, numbers in enumerate(hall)]


def main(argv):
    rows, columns = map(int, argv or ["3", "4"])
    width = len(str(rows * columns))
    for numbers in seats(rows, columns):
        print(" ".join(str(number).rjust(width) for number in numbers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
