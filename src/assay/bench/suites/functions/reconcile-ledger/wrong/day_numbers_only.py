def days_of(text):
    year, month, day = map(int, text.split("-"))
    return year * 372 + month * 31 + day


def reconcile(ledger, bank, days):
    matched, used_bank, used_ledger = [], set(), set()
    for i, entry in sorted(enumerate(ledger), key=lambda pair: pair[1]["date"]):
        candidates = []
        for j, line in enumerate(bank):
            distance = abs(days_of(line["date"]) - days_of(entry["date"]))
            if j not in used_bank and line["amount"] == entry["amount"] and distance <= days:
                candidates.append((distance, line["date"], j))
        if candidates:
            j = min(candidates)[2]
            matched.append((entry["id"], bank[j]["id"]))
            used_bank.add(j)
            used_ledger.add(i)
    return {
        "matched": matched,
        "ledger_only": [e["id"] for i, e in enumerate(ledger) if i not in used_ledger],
        "bank_only": [b["id"] for j, b in enumerate(bank) if j not in used_bank],
    }
