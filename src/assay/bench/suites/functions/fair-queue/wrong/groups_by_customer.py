def fair_order(tickets):
    queues = {}
    for customer, ticket in tickets:
        queues.setdefault(customer, []).append(ticket)
    result = []
    for queue in queues.values():
        result.extend(queue)
    return result
