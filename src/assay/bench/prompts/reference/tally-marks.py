"""Tally marks, there and back."""

import sys


def tally(number):
    if number < 0:
        raise ValueError("there are no tally marks for less than nothing")
    fives, rest = divmod(number, 5)
    return " ".join(["||||/"] * fives + (["|" * rest] if rest else []))


def count(marks):
    if set(marks) - set("|/ "):
        raise ValueError("something here is no tally mark")
    return marks.count("|") + marks.count("/")


def main(argv):
    for number in argv or ["3", "13"]:
        print(tally(int(number)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
