import math


def power_bill(kwh, steps, vat_percent=0):
    if kwh < 0:
        raise ValueError("negative")
    total = 0.0
    previous = 0
    for limit, price in steps:
        upto = kwh if limit is None else min(kwh, limit)
        if upto > previous:
            total += (upto - previous) * float(price)
            previous = upto
    return math.floor(total * (1 + vat_percent / 100) + 0.5)
