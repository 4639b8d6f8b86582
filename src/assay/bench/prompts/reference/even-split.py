"""Share a bill so that nobody pays a cent too much."""

import sys


def split(cents, people):
    if people < 1 or cents < 0:
        raise ValueError("there must be somebody, and something to pay")
    share, rest = divmod(cents, people)
    return [share + 1] * rest + [share] * (people - rest)


def main(argv):
    amount, people = argv or ["20.00", "6"]
    whole, _, fraction = amount.partition(".")
    for share in split(int(whole) * 100 + int(fraction), int(people)):
        print(f"{share // 100}.{share % 100:02d}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
