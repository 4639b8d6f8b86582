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
        value = int(a) + int(b) / int(c) if a else int(d) / int(e) if d else float(f)
        value = Fraction(value * wanted / people)
        whole, rest = divmod(value, 1)
        if not rest:
            number = str(whole)
        elif whole:
            number = f"{whole} {rest}"
        else:
            number = str(rest)
        result[name] = number + text[match.end():]
    return result
