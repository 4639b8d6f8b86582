"""Digits in groups that can be read aloud."""

import sys


def grouped(text):
    digits = "".join(character for character in text if character in "0123456789")
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        last = groups.pop()
        groups[-1] += last
    return " ".join(groups)


def main(argv):
    for text in argv or ["0049 89 1234567"]:
        print(grouped(text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
