"""What differs between two files of settings."""

import configparser
from pathlib import Path


def _read(path):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(Path(path).read_text(encoding="utf-8"))
    return {f"{section}.{key}": value for section in parser.sections() for key, value in parser.items(section)}


def changes(old, new):
    before, after = _read(old), _read(new)
    said = [f"+ {name} = {after[name]}" for name in after.keys() - before.keys()]
    said += [f"- {name} = {before[name]}" for name in before.keys() - after.keys()]
    both = after.keys() & before.keys()
    said += [f"~ {name}: {before[name]} -> {after[name]}" for name in both if before[name] != after[name]]
    return sorted(said)


def main(folder):
    old, new = Path(folder) / "old.ini", Path(folder) / "new.ini"
    old.write_text("[web]\nport = 80\nhost = local\n", encoding="utf-8")
    new.write_text("[web]\nport = 8080\nhost = local\n\n[log]\nlevel = info\n", encoding="utf-8")
    for line in changes(old, new):
        print(line)
    return 0


if __name__ == "__main__":
    main(".")
