"""Add up expenses by category."""

import csv
from decimal import Decimal
from pathlib import Path

SAMPLE = """\
date,category,amount
2026-01-02,food,12.10
2026-01-03,"books, paper",30.00
2026-01-05,food,0.20
2026-01-09,travel,7.05
"""


def totals(path):
    sums = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sums[row["category"]] = sums.get(row["category"], Decimal(0)) + Decimal(row["amount"])
    return dict(sorted(sums.items()))


def main(folder):
    path = Path(folder) / "expenses.csv"
    path.write_text(SAMPLE, encoding="utf-8")
    for category, amount in totals(path).items():
        print(f"{category}: {amount:.2f}")
    return 0


if __name__ == "__main__":
    main(".")
