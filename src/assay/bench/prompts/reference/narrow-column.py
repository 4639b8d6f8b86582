"""Fill paragraphs into a narrow column."""

import re
from pathlib import Path


def _filled(words, width):
    lines = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def column(source, target, width):
    text = Path(source).read_text(encoding="utf-8")
    paragraphs = [part.split() for part in re.split(r"\n[ \t]*\n", text) if part.strip()]
    filled = "\n\n".join("\n".join(_filled(words, width)) for words in paragraphs)
    written = filled + "\n" if filled else ""
    Path(target).write_text(written, encoding="utf-8")
    return written.count("\n")


def main(folder):
    source, target = Path(folder) / "wide.txt", Path(folder) / "narrow.txt"
    source.write_text("one two  three four\nfive\n\nsix seven\n", encoding="utf-8")
    column(source, target, 9)
    print(target.read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    main(".")
