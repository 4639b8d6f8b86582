from decimal import ROUND_HALF_UP, Decimal


def power_bill(kwh, steps, vat_percent=0):
    if kwh < 0:
        raise ValueError("negative")
    total = 0
    previous = 0
    for limit, price in steps:
        upto = kwh if limit is None else min(kwh, limit)
        amount = max(0, upto - previous) * Decimal(price)
        total += int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
        previous = max(previous, upto)
    return int((Decimal(total) * (100 + vat_percent) / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
