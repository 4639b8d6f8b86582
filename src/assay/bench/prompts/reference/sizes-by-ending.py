"""How many bytes lie in which kind of file."""

from pathlib import Path


def sizes(folder):
    found = {}
    for path in Path(folder).rglob("*"):
        if path.is_file():
            number, size = found.get(path.suffix.lower(), (0, 0))
            found[path.suffix.lower()] = (number + 1, size + path.stat().st_size)
    return dict(sorted(found.items()))


def main(folder):
    tree = Path(folder) / "tree"
    (tree / "sub").mkdir(parents=True, exist_ok=True)
    (tree / "a.txt").write_text("hello", encoding="utf-8")
    (tree / "sub" / "b.TXT").write_text("hi", encoding="utf-8")
    (tree / "sub" / "README").write_text("read me", encoding="utf-8")
    for ending, (number, size) in sizes(tree).items():
        print(ending or "none", number, size)
    return 0


if __name__ == "__main__":
    main(".")
