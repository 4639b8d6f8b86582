from datetime import date


def keep_backups(backups, today, *, days, weeks, months):
    past = sorted((b for b in backups if b <= today), reverse=True)
    keep = {b for b in backups if b > today}
    now = date.fromisoformat(today)
    keep |= {b for b in past if (now - date.fromisoformat(b)).days < days}
    by_week, by_month = {}, {}
    for name in past:
        by_week.setdefault(date.fromisoformat(name).isocalendar()[:2], name)
        by_month.setdefault(name[:7], name)
    keep |= set(list(by_week.values())[:weeks])
    keep |= set(list(by_month.values())[:months])
    return keep
