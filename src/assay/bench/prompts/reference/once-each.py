"""Take lines that come again out of a file."""

from pathlib import Path


def dedupe(path):
    path = Path(path)
    old = path.read_text(encoding="utf-8")
    lines = old.splitlines()
    kept = list(dict.fromkeys(lines))
    removed = len(lines) - len(kept)
    if removed:
        path.with_name(path.name + ".bak").write_text(old, encoding="utf-8")
        path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    return removed


def main(folder):
    path = Path(folder) / "list.txt"
    path.write_text("tea\nsalt\ntea\nTea\nsalt\n", encoding="utf-8")
    print(f"removed: {dedupe(path)}")
    print(path.read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    main(".")
