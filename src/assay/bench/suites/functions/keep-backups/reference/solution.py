from datetime import date, timedelta


def keep_backups(backups, today, *, days, weeks, months):
    now = date.fromisoformat(today)
    dates = {date.fromisoformat(name) for name in backups}
    keep = {day for day in dates if day > now or now - day < timedelta(days)}
    by_week, by_month = {}, {}
    for day in sorted(day for day in dates if day <= now):
        by_week[_monday(day)] = day
        by_month[day.year * 12 + day.month] = day
    keep |= {day for monday, day in by_week.items() if _monday(now) - monday < timedelta(weeks=weeks)}
    keep |= {day for month, day in by_month.items() if now.year * 12 + now.month - month < months}
    return {day.isoformat() for day in keep}


def _monday(day):
    return day - timedelta(day.weekday())
