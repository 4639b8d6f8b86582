from decimal import ROUND_HALF_UP, Context, Decimal, localcontext


def power_bill(kwh: int, steps: list[tuple[int | None, str]], vat_percent: int = 0) -> int:
    if kwh < 0:
        raise ValueError(kwh)
    with localcontext(Context(prec=60)):
        left, before, total = kwh, 0, Decimal(0)
        for limit, price in steps:
            if left <= 0:
                break
            size = left if limit is None else min(left, limit - before)
            total += Decimal(price) * size
            left -= size
            before = limit if limit is not None else before
        total += total * vat_percent / 100
        return int(total.quantize(Decimal(1), rounding=ROUND_HALF_UP))
