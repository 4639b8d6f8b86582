def read_config(text):
    result = {}
    section = result
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = result.setdefault(line[1:-1].strip(), {})
            continue
        parts = line.split("=")
        if len(parts) != 2 or not parts[0].strip():
            raise ValueError(line)
        value = parts[1].strip()
        if value.startswith('"'):
            if len(value) < 2 or not value.endswith('"'):
                raise ValueError(line)
            value = value[1:-1]
        else:
            value = value.split("#")[0].strip()
            if value in ("true", "false"):
                value = value == "true"
            elif value.lstrip("-").isdigit():
                value = int(value)
        section[parts[0].strip()] = value
    return result
