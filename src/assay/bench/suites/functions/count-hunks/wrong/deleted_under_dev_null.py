import re


def count_changes(diff):
    result = {}
    name = None
    old = new = 0
    for line in diff.split("\n"):
        if old > 0 or new > 0:
            if line.startswith("\\"):
                continue
            if line.startswith("-"):
                old -= 1
                result[name][2] += 1
            elif line.startswith("+"):
                new -= 1
                result[name][1] += 1
            else:
                old -= 1
                new -= 1
        elif line.startswith("+++ "):
            name = line[4:].split("\t")[0].removeprefix("b/")
            result.setdefault(name, [0, 0, 0])
        else:
            found = re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", line)
            if found and name:
                old = int(found[1]) if found[1] else 1
                new = int(found[2]) if found[2] else 1
                result[name][0] += 1
    return {name: tuple(counts) for name, counts in result.items()}
