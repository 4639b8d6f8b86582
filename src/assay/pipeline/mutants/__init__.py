"""Mutants: a program with one operator, constant or statement changed, to see whether its tests notice.

Pure, and the same for the same program on every machine. What stands behind `if __name__ == "__main__":` is left alone
where a test imports the program and cannot reach it; so are docstrings, annotations and imports. Some mutants do what the
program does (equivalent mutants); no test can notice those, which is why 100 % is not always to be had.
"""

import hashlib
from collections.abc import Sequence

from assay.pipeline.mutants.mutation import Mutated, Mutation, Site
from assay.records import Language

__all__ = ["MAX_SOURCE", "Mutated", "Mutation", "mutants"]

MAX_SOURCE = 200_000
"""Characters: of what is longer there are no mutants."""


def mutants(source: str, at_most: int, language: Language = "python", *, imported: bool = True) -> tuple[Mutated, ...]:
    """Up to so many mutants: the operators in turn, and within each the sites in an order that the source decides.

    imported: whether the tests import the program, and so never run what stands behind `__name__ == "__main__"`.
    """
    if at_most <= 0 or len(source) > MAX_SOURCE:
        return ()
    if language == "javascript":
        from assay.pipeline.mutants import javascript

        return _taken(source, at_most, javascript.sites(source), source)
    from assay.pipeline.mutants import python

    unchanged, sites = python.sites(source, imported)
    return _taken(source, at_most, sites, unchanged)


def _taken(source: str, at_most: int, sites: Sequence[Site], unchanged: str) -> tuple[Mutated, ...]:
    """So many of the sites as make something new, the operators in turn."""
    by_operator: dict[str, list[Site]] = {}
    for site in sites:
        by_operator.setdefault(site.operator, []).append(site)
    for operator, those in by_operator.items():
        those.sort(key=lambda site: hashlib.sha256(f"{operator} {site.which} {source}".encode()).digest())
    made: list[Mutated] = []
    seen = {unchanged}
    queues = [by_operator[operator] for operator in sorted(by_operator)]
    while queues and len(made) < at_most:
        for queue in list(queues):
            if not queue:
                queues.remove(queue)
            elif len(made) < at_most and (one := queue.pop(0).make()) is not None and one.source not in seen:
                seen.add(one.source)
                made.append(one)
    return tuple(made)
