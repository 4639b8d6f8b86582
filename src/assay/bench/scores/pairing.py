"""Every pair of models of an evaluation, and which cannot be told apart: kept as long as the scores they rest on."""

import hashlib
import json
import time
from collections.abc import Sequence

import sqlalchemy as sa
from pydantic import TypeAdapter

from assay.bench.records import Evaluation
from assay.bench.scores.records import (
    LEVEL,
    Comparison,
    Difference,
    Score,
)
from assay.bench.scores.standings import ONE_AT_A_TIME, Tasks, keep_row, rests, standings, tasks
from assay.bench.tables import COMPARISONS, SCORES
from assay.records import Record
from assay.store import Store


class Pair(Record):
    """Two models on one suite, compared; which tasks flip stands in `Comparison`."""

    suite: str
    a: str
    b: str
    tasks: int
    only_a: int
    only_b: int
    rate_a: float | None
    rate_b: float | None
    difference: float | None
    low: float | None
    high: float | None
    a_wins: int
    b_wins: int
    test: str
    p: float | None
    p_holm: float | None
    detectable: float | None

    @property
    def change(self) -> Difference | None:
        """a minus b, with its interval; None: they have no task in common."""
        if self.difference is None or self.low is None or self.high is None:
            return None
        return Difference(value=self.difference, low=self.low, high=self.high, n=self.tasks)

    @property
    def winner(self) -> str | None:
        """Who is better at the 5 % level after correction; None: they cannot be told apart."""
        if self.p_holm is None or self.p_holm >= 1 - LEVEL or not self.difference:
            return None
        return self.a if self.difference > 0 else self.b


_PAIRS = TypeAdapter(tuple[Pair, ...])
_GROUPS = TypeAdapter(dict[str, tuple[tuple[str, ...], ...]])


def groups(store: Store, evaluation: Evaluation) -> dict[str, tuple[tuple[str, ...], ...]]:
    """By suite, the best model with those that cannot be told apart from it, then the best of the rest with its own, …"""
    return _GROUPS.validate_json(_comparisons(store, evaluation, COMPARISONS.c.groups))


def pairs(store: Store, evaluation: Evaluation) -> tuple[Pair, ...]:
    """Every pair of models on every suite, Holm-corrected over all of them."""
    return _PAIRS.validate_json(_comparisons(store, evaluation, COMPARISONS.c.pairs))


def keep(store: Store, evaluation: Evaluation) -> None:
    """Work out and keep what the pages will ask for: an evaluation has ended."""
    standings(store, evaluation)
    groups(store, evaluation)


def pair_of(one: Comparison) -> Pair:
    """A comparison without the names of the tasks that flip."""
    change = one.difference
    return Pair(
        suite=one.suite,
        a=one.a.model,
        b=one.b.model,
        tasks=one.tasks,
        only_a=one.only_a,
        only_b=one.only_b,
        rate_a=one.rate_a,
        rate_b=one.rate_b,
        difference=change.value if change else None,
        low=change.low if change else None,
        high=change.high if change else None,
        a_wins=len(one.a_wins),
        b_wins=len(one.b_wins),
        test=one.test,
        p=one.p,
        p_holm=one.p_holm,
        detectable=one.detectable,
    )


def grouped(ranked: Sequence[str], told_apart: set[frozenset[str]]) -> tuple[tuple[str, ...], ...]:
    """Models, best first, in groups: a first one, and all below it that cannot be told apart from it."""
    rest, found = list(ranked), []
    while rest:
        head = rest[0]
        group = [model for model in rest if model == head or frozenset((head, model)) not in told_apart]
        found.append(tuple(group))
        rest = [model for model in rest if model not in group]
    return tuple(found)


def _comparisons(store: Store, evaluation: Evaluation, wanted: "sa.Column[str]") -> str:
    found = standings(store, evaluation)
    basis = _basis(store, evaluation)
    query = sa.select(COMPARISONS.c.basis, COMPARISONS.c.took_s, COMPARISONS.c.created, wanted.label("wanted"))

    def kept() -> str | None:
        with store.engine.connect() as connection:
            row = connection.execute(query.where(COMPARISONS.c.evaluation == evaluation.id)).mappings().one_or_none()
        if row is None or (row["basis"] != basis and not rests(evaluation, row)):
            return None
        return str(row["wanted"])

    text = kept()
    if text is not None:
        return text
    with ONE_AT_A_TIME:
        if (text := kept()) is None:
            text = _compare(store, evaluation, [one.score for one in found], basis)[wanted.name]
    return text


def _basis(store: Store, evaluation: Evaluation) -> str:
    query = (
        sa.select(SCORES.c.suite, SCORES.c.model, SCORES.c.revision, SCORES.c.formulas)
        .where(SCORES.c.evaluation == evaluation.id)
        .order_by(SCORES.c.suite, SCORES.c.model)
    )
    with store.engine.connect() as connection:
        rows = [list(row) for row in connection.execute(query)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _pairs_of(evaluation: Evaluation, found: Sequence[Score], columns: Sequence[Tasks]) -> tuple[Pair, ...]:
    if len(found) == len({one.suite for one in found}):
        return ()  # one model a suite: numpy need not be loaded to compare none
    from assay.bench.scores.comparing import compare_sides

    by_place = {(one.suite, one.model): one.side(evaluation.id) for one in columns}
    sides = [by_place[one.suite, one.model] for one in found if (one.suite, one.model) in by_place]
    return tuple(pair_of(one) for one in compare_sides(sides))


def _compare(store: Store, evaluation: Evaluation, found: Sequence[Score], basis: str) -> dict[str, str]:
    begun = time.monotonic()
    made = _pairs_of(evaluation, found, tasks(store, evaluation))
    told: dict[str, set[frozenset[str]]] = {}
    for one in made:
        if one.winner is not None or one.tasks == 0:
            told.setdefault(one.suite, set()).add(frozenset((one.a, one.b)))
    ranked: dict[str, list[str]] = {}
    for standing in found:
        if standing.pass_1:
            ranked.setdefault(standing.suite, []).append(standing.model)
    row = {
        "evaluation": evaluation.id,
        "basis": basis,
        "took_s": time.monotonic() - begun,
        "groups": _GROUPS.dump_json(
            {suite: grouped(models, told.get(suite, set())) for suite, models in ranked.items()}
        ).decode(),
        "pairs": _PAIRS.dump_json(made).decode(),
        "created": sa.func.clock_timestamp(),
    }
    keep_row(store, COMPARISONS, row, ("evaluation",))
    return {"groups": str(row["groups"]), "pairs": str(row["pairs"])}
