from datetime import date


def reconcile(ledger, bank, days):
    free = {i: line for i, line in enumerate(bank)}
    matched, used = [], set()
    for position, entry in sorted(enumerate(ledger), key=lambda pair: pair[1]["date"]):
        day = date.fromisoformat(entry["date"])
        best = None
        for i, line in free.items():
            if line["amount"] != entry["amount"]:
                continue
            other = date.fromisoformat(line["date"])
            distance = abs((other - day).days)
            if distance <= days and (best is None or (distance, other, i) < best):
                best = (distance, other, i)
        if best is not None:
            matched.append((entry["id"], free.pop(best[2])["id"]))
            used.add(position)
    return {
        "matched": matched,
        "ledger_only": [entry["id"] for i, entry in enumerate(ledger) if i not in used],
        "bank_only": [line["id"] for line in free.values()],
    }
