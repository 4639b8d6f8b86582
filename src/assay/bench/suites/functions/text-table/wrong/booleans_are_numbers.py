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
    columns = max(len(row) for row in table)
    widths = [max(len(show(row[i])) for row in table if i < len(row)) for i in range(columns)]
    lines = []
    for row in table:
        cells = []
        for value, width in zip(row, widths):
            if isinstance(value, (int, float)):
                cells.append(f"{show(value):>{width}}")
            else:
                cells.append(f"{show(value):<{width}}")
        lines.append("  ".join(cells).rstrip())
    if header is not None:
        lines.insert(1, "  ".join("=" * width for width in widths))
    return "\n".join(lines)
