import re
from fractions import Fraction


def scale(amounts, people, wanted):
    if people < 1 or wanted < 1:
        raise ValueError("people must be positive")
    result = {}
    for name, text in amounts.items():
        match = re.match(r"(\d+) (\d+)/(\d+)|(\d+)/(\d+)|(\d+)", text)
        if not match:
            result[name] = text
            continue
        a, b, c, d, e, f = match.groups()
        if a:
            value = int(a) + Fraction(int(b), int(c))
        elif d:
            value = Fraction(int(d), int(e))
        else:
            value = Fraction(int(f))
        result[name] = str(value * wanted / people) + text[match.end():]
    return result
