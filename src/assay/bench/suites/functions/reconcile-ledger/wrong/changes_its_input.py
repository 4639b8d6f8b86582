from datetime import date


def reconcile(ledger, bank, days):
    matched = []
    for entry in sorted(ledger, key=lambda row: row["date"]):
        day = date.fromisoformat(entry["date"])
        candidates = [
            (abs((date.fromisoformat(line["date"]) - day).days), line["date"], j)
            for j, line in enumerate(bank)
            if line["amount"] == entry["amount"]
        ]
        candidates = [c for c in candidates if c[0] <= days]
        if candidates:
            line = bank.pop(min(candidates)[2])
            matched.append((entry["id"], line["id"]))
    done = {pair[0] for pair in matched}
    return {
        "matched": matched,
        "ledger_only": [row["id"] for row in ledger if row["id"] not in done],
        "bank_only": [line["id"] for line in bank],
    }
