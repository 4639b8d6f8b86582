from collections import defaultdict


def fair_order(tickets):
    queues = defaultdict(list)
    for customer, ticket in tickets:
        queues[customer].append(ticket)
    return [ticket for turn in zip(*queues.values()) for ticket in turn]
