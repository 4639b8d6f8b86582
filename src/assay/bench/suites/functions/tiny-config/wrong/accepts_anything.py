def read_config(text):
    result = {}
    section = result
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = result.setdefault(line.strip("[]").strip(), {})
        elif "=" in line:
            key, value = line.split("=", 1)
            value = value.strip()
            if value.startswith('"'):
                value = value.strip('"')
            else:
                value = value.split("#")[0].strip()
                if value in ("true", "false"):
                    value = value == "true"
                elif value.lstrip("-").isdigit():
                    value = int(value)
            section[key.strip()] = value
    return result
