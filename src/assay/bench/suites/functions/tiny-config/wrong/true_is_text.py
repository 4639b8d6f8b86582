import configparser


def read_config(text):
    parser = configparser.ConfigParser(inline_comment_prefixes="#", allow_no_value=False, strict=False)
    try:
        parser.read_string("[__top__]\n" + text)
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    result = {}
    for name in parser.sections():
        target = result if name == "__top__" else result.setdefault(name.strip(), {})
        for key, value in parser.items(name):
            value = value.strip('"')
            target[key] = int(value) if value.lstrip("-").isdigit() else value
    return result
