"""Cut runs of one character down to a single one."""

from itertools import groupby


def unstutter(text):
    return "".join(character for character, _ in groupby(text))


if __name__ == "__main__":
    print(unstutter("Wwhhaaat  a  ddaay!!"))
