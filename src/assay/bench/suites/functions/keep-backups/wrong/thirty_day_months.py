from datetime import date, timedelta


def keep_backups(backups, today, *, days, weeks, months):
    now = date.fromisoformat(today)
    dates = sorted(date.fromisoformat(b) for b in backups)
    keep = {d for d in dates if d > now or (now - d).days < days}
    monday = now - timedelta(days=now.weekday())
    by_week, by_month = {}, {}
    for d in dates:
        if d > now:
            continue
        by_week[d - timedelta(days=d.weekday())] = d
        by_month[(d.year, d.month)] = d
    keep |= {d for week, d in by_week.items() if (monday - week).days < 7 * weeks}
    keep |= {d for d in by_month.values() if (now - d).days < 30 * months}
    return {d.isoformat() for d in keep}
