from datetime import date, timedelta


def keep_backups(backups, today, *, days, weeks, months):
    now = date.fromisoformat(today)
    dates = sorted(date.fromisoformat(b) for b in backups)
    keep = {d for d in dates if d > now or (now - d).days < days}
    seen_weeks, seen_months = set(), set()
    monday = now - timedelta(days=now.weekday())
    for d in reversed([d for d in dates if d <= now]):
        week = d - timedelta(days=d.weekday())
        if week not in seen_weeks and (monday - week).days // 7 < weeks:
            keep.add(d)
        seen_weeks.add(week)
    for d in [d for d in dates if d <= now]:
        month = (d.year, d.month)
        if month not in seen_months and (now.year - d.year) * 12 + now.month - d.month < months:
            keep.add(d)
        seen_months.add(month)
    return {d.isoformat() for d in keep}
