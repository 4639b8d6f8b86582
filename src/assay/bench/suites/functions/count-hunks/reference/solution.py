import re

HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def count_changes(diff):
    result = {}
    name = before = None
    old = new = 0
    for line in diff.split("\n"):
        if old > 0 or new > 0:
            if line.startswith("\\"):
                continue
            hunks, added, removed = result[name]
            if line.startswith("-"):
                old -= 1
                removed += 1
            elif line.startswith("+"):
                new -= 1
                added += 1
            else:
                old -= 1
                new -= 1
            result[name] = (hunks, added, removed)
        elif line.startswith("--- "):
            before = line[4:].split("\t")[0]
        elif line.startswith("+++ ") and before is not None:
            after = line[4:].split("\t")[0]
            name = before.removeprefix("a/") if after == "/dev/null" else after.removeprefix("b/")
            result.setdefault(name, (0, 0, 0))
            before = None
        elif name is not None and (found := HUNK.match(line)):
            old, new = (1 if count is None else int(count) for count in found.groups())
            hunks, added, removed = result[name]
            result[name] = (hunks + 1, added, removed)
    return result
