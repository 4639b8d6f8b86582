import re
from fractions import Fraction

NUMBER = re.compile(r"(?:(\d+) )?(\d+)/(\d+)|(\d+)")


def scale(amounts, people, wanted):
    if people < 1 or wanted < 1:
        raise ValueError("a recipe is for one person at least")
    return {name: _scaled(text, Fraction(wanted, people)) for name, text in amounts.items()}


def _scaled(text, factor):
    found = NUMBER.match(text)
    if not found:
        return text
    whole, over, under, alone = found.groups()
    value = Fraction(int(alone)) if alone else int(whole or 0) + Fraction(int(over), int(under))
    return _written(value * factor) + text[found.end() :]


def _written(value):
    whole, rest = divmod(value, 1)
    if not rest:
        return str(whole)
    return f"{whole} {rest}" if whole else str(rest)
