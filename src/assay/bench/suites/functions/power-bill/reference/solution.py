from fractions import Fraction
from math import floor


def power_bill(kwh, steps, vat_percent=0):
    if kwh < 0:
        raise ValueError("kwh is negative")
    cost = Fraction(0)
    covered = 0
    for limit, price in steps:
        end = kwh if limit is None else min(kwh, limit)
        cost += max(0, end - covered) * Fraction(price)
        covered = max(covered, end)
    cost *= Fraction(100 + vat_percent, 100)
    return floor(cost + Fraction(1, 2))
