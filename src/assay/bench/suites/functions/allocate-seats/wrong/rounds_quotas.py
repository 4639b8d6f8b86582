def allocate_seats(votes, seats):
    total = sum(votes.values())
    if total == 0:
        return {party: 0 for party in votes}
    return {party: round(count * seats / total) for party, count in votes.items()}
