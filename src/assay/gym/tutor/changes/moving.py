"""Lines put elsewhere, or further in or out. Pure."""

from collections.abc import Iterator

from assay.gym.tutor.changes.places import Places, indent_of, step_of
from assay.records import Language


def moved(places: Places, language: Language) -> Iterator[str]:
    """The programs with one line somewhere else."""
    lines, step = places.lines, step_of(language)
    meant = places.spoken_of()
    for at in dict.fromkeys([*meant, *(places.all_lines() if len(places.lines) <= 24 and not places.named else [])]):
        line = lines[at]
        if language == "python":
            for shift in (-step, step, -2 * step):
                if indent_of(line) + shift >= 0:
                    moved = " " * (indent_of(line) + shift) + line.lstrip()
                    yield places.with_lines([*lines[:at], moved, *lines[at + 1 :]])
        rest = [*lines[:at], *lines[at + 1 :]]
        for to in range(1, len(rest) + 1):
            for like in {indent_of(rest[to - 1]), indent_of(rest[to]) if to < len(rest) else 0, indent_of(line)}:
                yield places.with_lines([*rest[:to], " " * like + line.lstrip(), *rest[to:]])
