from fractions import Fraction


def allocate_seats(votes: dict[str, int], seats: int) -> dict[str, int]:
    total = sum(votes.values())
    if not total:
        return {party: 0 for party in votes}
    quotas = {party: Fraction(n * seats, total) for party, n in votes.items()}
    given = {party: int(q) for party, q in quotas.items()}
    for _ in range(seats - sum(given.values())):
        best = None
        for party in sorted(votes):
            rest = quotas[party] - int(quotas[party])
            if given[party] > int(quotas[party]):
                continue
            if best is None or (rest, votes[party]) > best[0]:
                best = ((rest, votes[party]), party)
        given[best[1]] += 1
    return given
