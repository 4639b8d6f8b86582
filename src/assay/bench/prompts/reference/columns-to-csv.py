"""Turn a report with fixed columns into CSV."""

import csv
import re
from pathlib import Path


def convert(source, target):
    header, *lines = Path(source).read_text(encoding="utf-8").splitlines()
    starts = [match.start() for match in re.finditer(r"\S+", header)]
    places = list(zip(starts, [*starts[1:], None], strict=True))
    rows = [[line[start:end].strip() for start, end in places] for line in [header, *lines] if line.strip()]
    with open(target, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return len(rows) - 1


def main(folder):
    source, target = Path(folder) / "report.txt", Path(folder) / "report.csv"
    source.write_text("NAME    QTY NOTE\nbolt M4  12 zinc, new\n\nnut       7\n", encoding="utf-8")
    convert(source, target)
    print(target.read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    main(".")
