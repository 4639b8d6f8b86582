def layout(rows, header=None):
    lines = [[_cell(cell) for cell in row] for row in rows]
    if header is not None:
        lines.insert(0, [(cell, False) for cell in header])
    count = max((len(line) for line in lines), default=0)
    widths = [max((len(line[i][0]) for line in lines if i < len(line)), default=0) for i in range(count)]
    out = []
    for line in lines:
        cells = [text.rjust(width) if right else text.ljust(width) for (text, right), width in zip(line, widths)]
        out.append("  ".join(cells).rstrip())
    if header is not None:
        out.insert(1, "  ".join("=" * width for width in widths).rstrip())
    return "\n".join(out)


def _cell(value):
    if value is None:
        return "-", False
    if isinstance(value, bool):
        return ("yes" if value else "no"), False
    return str(value), isinstance(value, (int, float))
