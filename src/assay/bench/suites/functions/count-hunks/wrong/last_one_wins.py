import re


def count_changes(diff):
    result = {}
    counts = before = None
    old = new = 0
    for line in diff.split("\n"):
        if old > 0 or new > 0:
            if line.startswith("\\"):
                continue
            if line.startswith("-"):
                old -= 1
                counts[2] += 1
            elif line.startswith("+"):
                new -= 1
                counts[1] += 1
            else:
                old -= 1
                new -= 1
        elif line.startswith("--- "):
            before = line[4:].split("\t")[0]
        elif line.startswith("+++ "):
            after = line[4:].split("\t")[0]
            name = before.removeprefix("a/") if after == "/dev/null" else after.removeprefix("b/")
            counts = result[name] = [0, 0, 0]
        else:
            found = re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", line)
            if found and counts:
                old = 1 if found[1] is None else int(found[1])
                new = 1 if found[2] is None else int(found[2])
                counts[0] += 1
    return {name: tuple(c) for name, c in result.items()}
