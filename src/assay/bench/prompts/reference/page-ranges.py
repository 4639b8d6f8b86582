"""The pages that people name for printing."""

import re
import sys


def pages(text):
    packed = re.sub(r"\s", "", text)
    if not packed:
        return []
    found = []
    for part in packed.split(","):
        match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", part)
        if not match:
            raise ValueError(f"neither a page nor a range: {part}")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"a range that runs backwards: {part}")
        found += range(first, last + 1)
    return found


def main(argv):
    text = argv[0] if argv else "1-3,7"
    try:
        print(*pages(text))
    except ValueError:
        print(f"not a list of pages: {text}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
