def replay(commands):
    text = ""
    past, future = [], []
    for name, *rest in commands:
        if name in ("type", "delete"):
            if name == "type":
                changed = text + rest[0]
            else:
                changed = text[: max(0, len(text) - rest[0])]
            if changed != text:
                past.append(text)
                future.clear()
                text = changed
            continue
        source, target = (past, future) if name == "undo" else (future, past)
        for _ in range(min(rest[0] if rest else 1, len(source))):
            target.append(text)
            text = source.pop()
    return text
