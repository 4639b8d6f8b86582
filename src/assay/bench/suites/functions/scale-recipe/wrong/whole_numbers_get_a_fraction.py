import re
from fractions import Fraction


def scale(amounts, people, wanted):
    if people < 1 or wanted < 1:
        raise ValueError("people must be positive")
    factor = Fraction(wanted, people)
    result = {}
    for name, text in amounts.items():
        match = re.match(r"(\d+ )?(\d+/\d+)|\d+", text)
        if not match:
            result[name] = text
            continue
        value = sum(Fraction(part) for part in match.group().split()) * factor
        whole = value.numerator // value.denominator
        rest = value - whole
        if whole:
            number = f"{whole} {rest.numerator}/{rest.denominator}"
        else:
            number = f"{rest.numerator}/{rest.denominator}"
        result[name] = number + text[match.end():]
    return result
