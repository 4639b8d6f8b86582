def allocate_seats(votes, seats):
    total = sum(votes.values())
    if total == 0:
        return {party: 0 for party in votes}
    result = {party: count * seats // total for party, count in votes.items()}
    left = seats - sum(result.values())
    for party in sorted(votes, key=lambda p: (-(votes[p] * seats % total), p))[:left]:
        result[party] += 1
    return result
