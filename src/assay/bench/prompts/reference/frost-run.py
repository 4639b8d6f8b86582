"""The longest run of days below zero."""

from itertools import groupby


def longest_frost(degrees):
    return max((sum(1 for _ in run) for cold, run in groupby(degrees, key=lambda value: value < 0) if cold), default=0)


if __name__ == "__main__":
    print(longest_frost([3, -1, -4, -4, 2, -6, -1, 0, -9]))
