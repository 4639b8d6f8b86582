def replay(commands):
    history = [""]
    at = 0
    for command in commands:
        name = command[0]
        n = command[1] if len(command) > 1 else 1
        if name in ("type", "delete"):
            text = history[at]
            new = text + n if name == "type" else text[: max(0, len(text) - n)]
            if new != text:
                history = history[: at + 1] + [new]
                at += 1
        elif name == "undo":
            at = at - n
        else:
            at = min(len(history) - 1, at + n)
    return history[at]
