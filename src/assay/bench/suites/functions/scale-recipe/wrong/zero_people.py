import re
from fractions import Fraction


def scale(amounts, people, wanted):
    factor = Fraction(wanted, people)
    result = {}
    for name, text in amounts.items():
        match = re.match(r"(\d+ )?(\d+/\d+)|\d+", text)
        if not match:
            result[name] = text
            continue
        value = sum(Fraction(part) for part in match.group().split()) * factor
        whole, rest = divmod(value, 1)
        number = str(whole) if not rest else f"{whole} {rest}" if whole else str(rest)
        result[name] = number + text[match.end():]
    return result
