"""How easy a hint is to read.

The Flesch-Kincaid grade (J. P. Kincaid, R. P. Fishburne, R. L. Rogers, B. S. Chissom, "Derivation of New Readability
Formulas for Navy Enlisted Personnel", Research Branch Report 8-75, 1975):

    grade = 0.39 * words / sentences + 11.8 * syllables / words - 15.59

Two departures, since a hint is two sentences about code and the formula was made for passages of 100 words. A piece of
code counts as one word of one syllable. The words of the trade that every lesson teaches (`function`, `variable`,
`condition`) count two syllables at most: a learner who has met them does not stumble over them, and they cannot be
avoided.
"""

import re
from functools import lru_cache

from assay.gym.tutor.hint_text import CODE_MARK

_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?|\d+")
_END = re.compile(r"[.!?:;]+(?=\s|$)|\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)|\n(?=" + re.escape(CODE_MARK) + ")")
_VOWELS = re.compile(r"[aeiouy]+")

TAUGHT = frozenset(
    "argument arguments array arrays boolean character characters collection comparison comparisons compare compares "
    "condition conditions conditional counter dictionary dictionaries element elements equal error exception "
    "expression expressions function functions indentation index indexes indices integer integers iteration iterate "
    "iterates JavaScript Python method methods negative number numbers object objects operator operators output "
    "parameter parameters parenthesis parentheses position positions positive property properties program programs "
    "statement statements string strings value values variable variables remainder division iteration iterations "
    "undefined duplicate duplicates separator accumulator whitespace uppercase lowercase original mutate mutation "
    "recursion recursive recursively assignment assign initial initialise result results actually already usually "
    "different definition immediately alphabetical vowel vowels consonant consonants solution example examples "
    "callback palindrome frequency frequencies punctuation sequence".lower().split()
)


def words(text: str) -> int:
    """How many words a text has; a piece of code is as many as stand in it."""
    return len(text.split())


def grade(sentences: str) -> float:
    """The grade of the prose of a hint, whose code has been taken out (`hint_text.read(…).sentences`)."""
    text = sentences.replace(CODE_MARK, " it ")
    found = _WORD.findall(text)
    if not found:
        return 0.0
    ends = [part for part in _END.split(text) if _WORD.search(part)]
    spoken = sum(syllables(word.lower()) for word in found)
    return round(0.39 * len(found) / max(1, len(ends)) + 11.8 * spoken / len(found) - 15.59, 1)


_SILENT = (
    ("e", ("le", "ee", "ye", "oe")),
    ("ed", ("ted", "ded", "eed")),
    ("es", ("ses", "zes", "ches", "shes", "ces", "ges", "xes", "ies")),
)


@lru_cache(maxsize=4096)
def syllables(word: str) -> int:
    """About how many syllables an English word has: its groups of vowels, a silent e aside."""
    if word.isdigit():
        return 1
    plain = word.removesuffix("'s").replace("'", "")
    count = len(_VOWELS.findall(plain))
    if count > 1 and any(plain.endswith(ending) and not plain.endswith(but) for ending, but in _SILENT):
        count -= 1
    count = max(1, count)
    return min(count, 2) if plain in TAUGHT else count
