def replay(commands):
    text = ""
    undo, redo = [], []
    for command in commands:
        name = command[0]
        n = command[1] if len(command) > 1 else 1
        if name == "type" or name == "delete":
            new = text + n if name == "type" else text[:-n]
            if new != text:
                undo.append(text)
                redo = []
                text = new
        elif name == "undo":
            for _ in range(n):
                if undo:
                    redo.append(text)
                    text = undo.pop()
        else:
            for _ in range(n):
                if redo:
                    undo.append(text)
                    text = redo.pop()
    return text
