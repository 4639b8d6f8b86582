import math


def allocate_seats(votes, seats):
    total = sum(votes.values())
    if total == 0:
        return {party: 0 for party in votes}
    quotas = {party: count * seats / total for party, count in votes.items()}
    result = {party: math.floor(quota) for party, quota in quotas.items()}
    left = seats - sum(result.values())
    order = sorted(votes, key=lambda party: (result[party] - quotas[party], party))
    for party in order[:left]:
        result[party] += 1
    return result
