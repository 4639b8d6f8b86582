"""Shelf numbers, all equally wide."""


def labels(first, last):
    return [str(number).zfill(len(str(last))) for number in range(first, last + 1)]


if __name__ == "__main__":
    print(*labels(97, 101))
