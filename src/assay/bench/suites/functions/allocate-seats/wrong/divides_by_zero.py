def allocate_seats(votes, seats):
    total = sum(votes.values())
    result = {party: count * seats // total for party, count in votes.items()}
    order = sorted(votes, key=lambda party: (-(votes[party] * seats % total), -votes[party], party))
    for party in order[: seats - sum(result.values())]:
        result[party] += 1
    return result
