def merge_shifts(shifts):
    result = {}
    for person in {shift[0] for shift in shifts}:
        edges = []
        for who, start, end in shifts:
            if who == person:
                edges.append((start, 0))
                edges.append((end, 1))
        depth = 0
        times = []
        for minute, kind in sorted(edges):
            if kind == 0:
                if depth == 0:
                    begin = minute
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    times.append((begin, minute))
        result[person] = times
    return result
