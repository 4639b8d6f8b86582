def read_config(text):
    result = {}
    section = result
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            section = result.setdefault(line[1:-1].strip(), {})
            continue
        if "=" not in line:
            raise ValueError(f"bad line: {line}")
        key, value = (part.strip() for part in line.split("=", 1))
        if not key:
            raise ValueError("empty key")
        if value.startswith('"'):
            if len(value) < 2 or not value.endswith('"'):
                raise ValueError("unterminated quote")
            value = value[1:-1]
        elif value in ("true", "false"):
            value = value == "true"
        else:
            try:
                value = int(value)
            except ValueError:
                pass
        section[key] = value
    return result
