from datetime import date


def keep_backups(backups, today, *, days, weeks, months):
    now = date.fromisoformat(today)
    dates = sorted(date.fromisoformat(b) for b in backups)
    keep = {d for d in dates if d > now or (now - d).days < days}
    by_week, by_month = {}, {}
    for d in dates:
        if d > now:
            continue
        by_week[(now - d).days // 7] = d
        by_month[(now.year - d.year) * 12 + now.month - d.month] = d
    keep |= {d for week, d in by_week.items() if week < weeks}
    keep |= {d for month, d in by_month.items() if month < months}
    return {d.isoformat() for d in keep}
