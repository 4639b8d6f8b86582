from datetime import date


def reconcile(ledger, bank, days):
    matched, ledger_only, seen = [], set(), set()
    for i, entry in sorted(enumerate(ledger), key=lambda pair: pair[1]["date"]):
        day = date.fromisoformat(entry["date"])
        candidates = []
        for j, line in enumerate(bank):
            distance = abs((date.fromisoformat(line["date"]) - day).days)
            if line["amount"] == entry["amount"] and distance <= days:
                candidates.append((distance, line["date"], j))
        if candidates:
            j = min(candidates)[2]
            matched.append((entry["id"], bank[j]["id"]))
            seen.add(j)
        else:
            ledger_only.add(i)
    return {
        "matched": matched,
        "ledger_only": [e["id"] for i, e in enumerate(ledger) if i in ledger_only],
        "bank_only": [b["id"] for j, b in enumerate(bank) if j not in seen],
    }
