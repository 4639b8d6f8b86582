"""Seal the files of a folder, and find what was changed since."""

import hashlib
from pathlib import Path

NAME = "seals.txt"


def _digests(folder):
    files = [path for path in Path(folder).iterdir() if path.is_file() and path.name != NAME]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def seal(folder):
    digests = _digests(folder)
    lines = [f"{digest}  {name}\n" for name, digest in digests.items()]
    (Path(folder) / NAME).write_text("".join(lines), encoding="utf-8")
    return len(lines)


def broken(folder):
    lines = (Path(folder) / NAME).read_text(encoding="utf-8").splitlines()
    sealed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    here = _digests(folder)
    said = [f"missing {name}" for name in sealed.keys() - here.keys()]
    said += [f"new {name}" for name in here.keys() - sealed.keys()]
    said += [f"changed {name}" for name in here.keys() & sealed.keys() if here[name] != sealed[name]]
    return sorted(said)


def main(folder):
    sealed = Path(folder) / "sealed"
    sealed.mkdir(exist_ok=True)
    for path in sealed.iterdir():
        path.unlink()
    for name, text in (("a.txt", "one"), ("b.txt", "two"), ("c.txt", "three")):
        (sealed / name).write_text(text, encoding="utf-8")
    seal(sealed)
    (sealed / "b.txt").write_text("TWO", encoding="utf-8")
    (sealed / "c.txt").unlink()
    (sealed / "d.txt").write_text("four", encoding="utf-8")
    for line in broken(sealed):
        print(line)
    return 0


if __name__ == "__main__":
    main(".")
