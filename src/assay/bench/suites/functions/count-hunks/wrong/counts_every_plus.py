def count_changes(diff):
    result = {}
    name = old = None
    for line in diff.splitlines():
        if line.startswith("--- "):
            old = line[4:].split("\t")[0]
        elif line.startswith("+++ "):
            new = line[4:].split("\t")[0]
            name = old.removeprefix("a/") if new == "/dev/null" else new.removeprefix("b/")
            result.setdefault(name, [0, 0, 0])
        elif name and line.startswith("@@"):
            result[name][0] += 1
        elif name and line.startswith("+"):
            result[name][1] += 1
        elif name and line.startswith("-"):
            result[name][2] += 1
    return {name: tuple(counts) for name, counts in result.items()}
