def layout(rows, header=None):
    table = ([header] if header is not None else []) + rows
    if not table:
        return ""
    columns = max(len(row) for row in table)
    text = [[("yes" if c is True else "no" if c is False else str(c)) for c in row] for row in table]
    widths = [max(len(row[i]) for row in text if i < len(row)) for i in range(columns)]
    lines = []
    for row, shown in zip(table, text):
        cells = [
            cell.rjust(width) if type(value) in (int, float) else cell.ljust(width)
            for value, cell, width in zip(row, shown, widths)
        ]
        lines.append("  ".join(cells).rstrip())
    if header is not None:
        lines.insert(1, "  ".join("=" * width for width in widths))
    return "\n".join(lines)
