"""Programs that somebody gets who does to their own what a hint's sentences order in words. Pure; it runs nothing itself.

A sentence leaves open where exactly ("put `pet.` in front of each name"), so that every place is tried on paper; the
programs nearest to a solution come first, and only so many are run.
"""

from collections.abc import Iterator, Sequence

from assay.gym.syntax import parse
from assay.gym.tutor import canonical, orders
from assay.gym.tutor.changes.inserting import at_each_use, inserted
from assay.gym.tutor.changes.moving import moved
from assay.gym.tutor.changes.places import Places
from assay.gym.tutor.changes.removing import removed
from assay.gym.tutor.changes.setting import exchanged_values
from assay.gym.tutor.changes.swapping import swapped
from assay.gym.tutor.hint_text import HintText
from assay.gym.tutor.splicing import Spliced
from assay.pipeline.likeness import shared_start
from assay.records import Language

AT_MOST = 8
"""Programs for one hint."""
_PLAINEST = 2
"""Of them, those that put one thing wherever something stands that the hint names."""
_TRIED = 1_500
"""Programs that are laid beside a solution, of one sentence."""
_LONGEST = 4_000
"""Characters of a program that is changed at all."""


def programs(learner: str, hint: HintText, language: Language, solutions: Sequence[str]) -> tuple[Spliced, ...]:
    """The programs to try, the nearest to a solution first; those that do not parse are left out."""
    if len(learner) > _LONGEST or not learner.strip():
        return ()
    own = canonical.program(learner, language)
    texts = frozenset(token.text for one in solutions for token in canonical.program(one, language))
    found: dict[str, Spliced] = {}
    plainest: list[Spliced] = []
    for order in orders.orders(hint, language, texts, frozenset(token.text for token in own)):
        places = Places(learner, own, order)
        plainest += [Spliced(source, order.text) for source in at_each_use(places)][:_PLAINEST]
        for source in _limited(_changed(places, language)):
            if source.strip() != learner.strip():
                found.setdefault(source, Spliced(source, order.text))
    targets = [_bare(one) for one in solutions]
    ranked = sorted(found.values(), key=lambda one: _distance(_bare(one.source), targets))
    tried: list[Spliced] = []
    for one in dict.fromkeys([*plainest[:_PLAINEST], *ranked]):
        if len(tried) >= AT_MOST:
            break
        if not parse(language, one.source).has_error:
            tried.append(one)
    return tuple(tried)


def _limited(sources: Iterator[str]) -> Iterator[str]:
    for _, source in zip(range(_TRIED), sources, strict=False):
        yield source


def _bare(source: str) -> str:
    """A program as it is compared: no blanks but those that begin a line, one kind of quotes, no comments of a whole line."""
    lines = (line.rstrip(" ;") for line in source.replace("'", '"').split("\n"))
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "".join(line.split())
        for line in lines
        if line.strip() and not line.lstrip().startswith(("#", "//"))
    )


def _distance(source: str, targets: Sequence[str]) -> int:
    """Characters between what two texts begin and end with alike; of the nearest target."""
    return min((_between(source, target) for target in targets), default=0)


def _between(one: str, other: str) -> int:
    begin = shared_start(one, other)
    end = shared_start(one[begin:][::-1], other[begin:][::-1])
    return len(one) + len(other) - 2 * (begin + end)


def _changed(places: Places, language: Language) -> Iterator[str]:
    order = places.order
    if "remove" in order.kinds:
        yield from removed(places, language)
    if "move" in order.kinds:
        yield from moved(places, language)
    if "swap" in order.kinds:
        yield from swapped(places)
    if "set" in order.kinds:
        yield from exchanged_values(places)
    if "insert" in order.kinds:
        yield from inserted(places, language)
