def fair_order(tickets):
    waiting = {}
    for customer, ticket in tickets:
        waiting.setdefault(customer, []).append(ticket)
    order = []
    turn = 0
    while len(order) < len(tickets):
        order += [queue[turn] for queue in waiting.values() if turn < len(queue)]
        turn += 1
    return order
