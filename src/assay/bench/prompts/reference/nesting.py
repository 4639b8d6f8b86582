"""How deeply the brackets of a text are nested."""

import sys

PARTNER = {")": "(", "]": "[", "}": "{"}


def depth(text):
    deepest, open_ones = 0, []
    for character in text:
        if character in "([{":
            open_ones.append(character)
            deepest = max(deepest, len(open_ones))
        elif character in PARTNER and (not open_ones or open_ones.pop() != PARTNER[character]):
            return -1
    return -1 if open_ones else deepest


def main(argv):
    for text in argv or ['{"a": [1]}', "[(])"]:
        print(depth(text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
