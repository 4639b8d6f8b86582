"""In which lines each word stands."""

import re
from pathlib import Path


def index(path):
    found = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        for word in re.findall(r"[^\W\d_]+", line.lower()):
            lines = found.setdefault(word, [])
            if number not in lines:
                lines.append(number)
    return dict(sorted(found.items()))


def main(folder):
    path = Path(folder) / "poem.txt"
    path.write_text("The sea, the sea\n\nand a sea-bird\n", encoding="utf-8")
    for word, lines in index(path).items():
        print(f"{word}: {', '.join(map(str, lines))}")
    return 0


if __name__ == "__main__":
    main(".")
