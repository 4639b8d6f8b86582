def allocate_seats(votes, seats):
    total = sum(votes.values())
    if total == 0:
        return dict.fromkeys(votes, 0)
    result = {party: count * seats // total for party, count in votes.items()}
    left = seats - sum(result.values())
    order = sorted(votes, key=lambda party: (-(votes[party] * seats % total), -votes[party], party))
    for party in order[:left]:
        result[party] += 1
    return result
