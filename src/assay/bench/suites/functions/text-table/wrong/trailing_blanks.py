def show(value):
    if value is None:
        return "-"
    if value is True:
        return "yes"
    if value is False:
        return "no"
    return str(value)


def layout(rows, header=None):
    table = ([list(header)] if header is not None else []) + [list(row) for row in rows]
    if not table:
        return ""
    columns = max(len(row) for row in table)
    for row in table:
        row.extend([""] * (columns - len(row)))
    widths = [max(len(show(row[i])) for row in table) for i in range(columns)]
    lines = []
    for row in table:
        cells = []
        for value, width in zip(row, widths):
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            cells.append(show(value).rjust(width) if number else show(value).ljust(width))
        lines.append("  ".join(cells))
    if header is not None:
        lines.insert(1, "  ".join("=" * width for width in widths))
    return "\n".join(lines)
