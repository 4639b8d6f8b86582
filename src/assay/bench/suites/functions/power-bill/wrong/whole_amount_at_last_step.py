from fractions import Fraction
from math import floor


def power_bill(kwh, steps, vat_percent=0):
    if kwh < 0:
        raise ValueError("negative")
    for limit, price in steps:
        if limit is None or kwh <= limit:
            return floor(kwh * Fraction(price) * (100 + vat_percent) / 100 + Fraction(1, 2))
    return 0
