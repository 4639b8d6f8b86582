from datetime import date


def reconcile(ledger, bank, days):
    matched, used_bank, used_ledger = [], set(), set()
    for i, entry in sorted(enumerate(ledger), key=lambda pair: pair[1]["date"]):
        day = date.fromisoformat(entry["date"])
        for j, line in enumerate(bank):
            if j in used_bank or line["amount"] != entry["amount"]:
                continue
            if abs((date.fromisoformat(line["date"]) - day).days) <= days:
                matched.append((entry["id"], line["id"]))
                used_bank.add(j)
                used_ledger.add(i)
                break
    return {
        "matched": matched,
        "ledger_only": [e["id"] for i, e in enumerate(ledger) if i not in used_ledger],
        "bank_only": [b["id"] for j, b in enumerate(bank) if j not in used_bank],
    }
