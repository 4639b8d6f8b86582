def merge_shifts(shifts):
    roster = {}
    for person, start, end in sorted(shifts):
        times = roster.setdefault(person, [])
        if times and start <= times[-1][1]:
            times[-1] = (times[-1][0], end)
        else:
            times.append((start, end))
    return roster
