from collections import defaultdict
from datetime import datetime


def ordinal(row):
    return datetime.strptime(row["date"], "%Y-%m-%d").toordinal()


def reconcile(ledger, bank, days):
    pools = defaultdict(list)
    for index, line in enumerate(bank):
        pools[line["amount"]].append((ordinal(line), index))
    pairs = []
    order = sorted(range(len(ledger)), key=lambda i: ordinal(ledger[i]))
    for i in order:
        today = ordinal(ledger[i])
        near = [(abs(d - today), d, index) for d, index in pools[ledger[i]["amount"]] if abs(d - today) <= days]
        if near:
            _, d, index = min(near)
            pools[ledger[i]["amount"]].remove((d, index))
            pairs.append((i, index))
    ours = {i for i, _ in pairs}
    theirs = {j for _, j in pairs}
    return {
        "matched": [(ledger[i]["id"], bank[j]["id"]) for i, j in pairs],
        "ledger_only": [row["id"] for i, row in enumerate(ledger) if i not in ours],
        "bank_only": [row["id"] for j, row in enumerate(bank) if j not in theirs],
    }
