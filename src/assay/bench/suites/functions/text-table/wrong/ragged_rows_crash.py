def layout(rows, header=None):
    def show(value):
        if value is None:
            return "-"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value)

    table = ([header] if header is not None else []) + rows
    if not table:
        return ""
    widths = [max(len(show(cell)) for cell in column) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = []
        for value, width in zip(row, widths):
            right = type(value) in (int, float)
            cells.append(show(value).rjust(width) if right else show(value).ljust(width))
        lines.append("  ".join(cells).rstrip())
    if header is not None:
        lines.insert(1, "  ".join("=" * width for width in widths))
    return "\n".join(lines)
