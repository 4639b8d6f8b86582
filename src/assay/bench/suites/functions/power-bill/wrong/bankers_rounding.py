from decimal import Decimal


def power_bill(kwh, steps, vat_percent=0):
    if kwh < 0:
        raise ValueError("negative")
    total = Decimal(0)
    previous = 0
    for limit, price in steps:
        upto = kwh if limit is None else min(kwh, limit)
        if upto > previous:
            total += (upto - previous) * Decimal(price)
            previous = upto
    total = total * (100 + vat_percent) / 100
    return round(total)
