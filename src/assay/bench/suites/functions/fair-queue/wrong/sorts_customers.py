from collections import defaultdict, deque


def fair_order(tickets):
    queues = defaultdict(deque)
    for customer, ticket in tickets:
        queues[customer].append(ticket)
    result = []
    while queues:
        for customer in sorted(queues):
            result.append(queues[customer].popleft())
            if not queues[customer]:
                del queues[customer]
    return result
