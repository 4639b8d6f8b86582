"""Words that mean nothing but can be spoken."""

import random
import re
import sys

CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


def code(syllables, seed):
    if syllables < 1:
        raise ValueError("a code has a syllable or more")
    chance = random.Random(seed)
    parts = []
    while len(parts) < syllables:
        part = chance.choice(CONSONANTS) + chance.choice(VOWELS)
        if not parts or parts[-1] != part:
            parts.append(part)
    return "".join(parts)


def is_code(text):
    if not re.fullmatch(f"([{CONSONANTS}][{VOWELS}])+", text):
        return False
    parts = [text[start : start + 2] for start in range(0, len(text), 2)]
    return all(one != other for one, other in zip(parts, parts[1:], strict=False))


def main(argv):
    syllables, seed = map(int, argv or ["4", "3"])
    word = code(syllables, seed)
    print(f"length: {len(word)}")
    print(f"well made: {'yes' if is_code(word) else 'no'}")
    print("for {{model_name}}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
