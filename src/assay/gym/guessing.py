"""What can be guessed: class codes, the words learners come back with, and how often either may be tried.

A class code has 6 of 22 letters and digits (1 of 10^8), a word with its name 1 of 14 million; tries that fail are counted
by address, by name and in all, so that guessing for a whole day finds one of a thousand words at most. Not covered: a
restart forgets the count.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

LETTERS = "CDFGHJKMNPQRTVWXY34679"
"""No two that look alike (0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B), and no vowels, so no words."""
CODE_LENGTH = 6
_WINDOW_S = 900.0
_MOST = {"address": 60, "name": 10, "all": 400}
"""By address far more than by name: a whole class comes from one."""
_MANY = 20_000

_WORDS = tuple(
    """
acorn actor amber angel apple apron arrow badge baker beach berry birch bison blaze bloom board bread brick bridge broom
cabin cable camel candle canoe cedar chalk cheese cherry cliff cloud clover coast comet coral cotton crane crown daisy
delta dolphin dragon eagle earth ember falcon fern fiddle field flame flute forest fossil garden garlic ginger glacier
grape guitar hammer harbor hazel heron honey island ivory jacket jungle kettle kitten lagoon ladder lantern lemon lilac
lizard lobster magnet mango maple marble meadow melon mirror monkey mountain needle nutmeg ocean olive onion orange orchid
otter panda paper peach pearl pepper piano pillow planet pocket pony potato puzzle quartz rabbit radio raven ribbon river
robin rocket saddle salmon shell silver spider spoon squirrel stone sugar tiger tomato tulip turtle velvet
""".split()  # noqa: SIM905 - a list to read
)


def new_code() -> str:
    """A class code."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """A class code as it is kept: typed in small letters, with blanks or a hyphen, it is the same one."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())[:40]


def new_word() -> str:
    """What a learner comes back with: easy to copy from a screen to paper."""
    return f"{secrets.choice(_WORDS)}-{secrets.choice(_WORDS)}-{secrets.randbelow(900) + 100}"


def hash_word(word: str, learner: str) -> str:
    """How a word is kept: slow to guess for whoever holds the database."""
    plain = "".join(letter for letter in word.lower() if letter.isalnum())[:80]
    return hashlib.scrypt(plain.encode(), salt=learner.encode(), n=1 << 13, r=8, p=1, dklen=32).hex()


def same_word(word: str, learner: str, kept: str | None) -> bool:
    """Whether this is the learner's word. Takes as long where there is none."""
    return hmac.compare_digest(hash_word(word, learner), kept or "")


class Tries:
    """How often codes and words were tried in vain. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str, name: str = "") -> int:
        """How many seconds to wait before the next try; 0: none."""
        now = self._clock()
        with self._lock:
            waits = [
                tries[-_MOST[key[0]]] + _WINDOW_S - now
                for key in _keys(address, name)
                if len(tries := self._recent(key, now)) >= _MOST[key[0]]
            ]
        return max(1, round(max(waits))) if waits else 0

    def failed(self, address: str, name: str = "") -> None:
        """Count a try that was in vain."""
        now = self._clock()
        with self._lock:
            for key in _keys(address, name):
                self._recent(key, now).append(now)

    def _recent(self, key: tuple[str, str], now: float) -> deque[float]:
        tries = self._failed.setdefault(key, deque(maxlen=_MOST[key[0]]))
        while tries and tries[0] <= now - _WINDOW_S:
            tries.popleft()
        self._failed.move_to_end(key)
        while len(self._failed) > _MANY:
            self._failed.popitem(last=False)
        return tries


def _keys(address: str, name: str) -> list[tuple[str, str]]:
    named = [("name", name.casefold())] if name else []
    return [("all", ""), ("address", address), *named]
