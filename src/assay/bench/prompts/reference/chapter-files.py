"""Write each chapter of a text into a file of its own."""

from pathlib import Path

SAMPLE = "by nobody\n## Morning\n\nRain.\n## Night\nStars,\n\nmany.\n"


def split(path, folder):
    chapters = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            chapters.append((line[3:], []))
        elif chapters:
            chapters[-1][1].append(line)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number, (title, lines) in enumerate(chapters, 1):
        while lines and not lines[0].strip():
            lines.pop(0)
        while lines and not lines[-1].strip():
            lines.pop()
        (Path(folder) / f"{number:02d}.txt").write_text("\n".join([title, *lines]) + "\n", encoding="utf-8")
    return [title for title, _ in chapters]


def main(folder):
    book = Path(folder) / "book.txt"
    book.write_text(SAMPLE, encoding="utf-8")
    for number, title in enumerate(split(book, Path(folder) / "chapters"), 1):
        print(f"{number:02d} {title}")
    return 0


if __name__ == "__main__":
    main(".")
