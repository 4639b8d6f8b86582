def merge_shifts(shifts):
    roster = {}
    for person, start, end in shifts:
        times = roster.setdefault(person, [])
        if times and start <= times[-1][1]:
            previous = times.pop()
            times.append((min(start, previous[0]), max(end, previous[1])))
        else:
            times.append((start, end))
    return roster
