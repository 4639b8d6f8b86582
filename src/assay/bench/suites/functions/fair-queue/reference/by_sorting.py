def fair_order(tickets):
    first, count, keyed = {}, {}, []
    for customer, ticket in tickets:
        place = first.setdefault(customer, len(first))
        count[customer] = count.get(customer, 0) + 1
        keyed.append((count[customer], place, ticket))
    return [ticket for _, _, ticket in sorted(keyed, key=lambda item: item[:2])]
