"""What the home page offers of the gym, and what a search finds in it."""

from collections.abc import Iterator

from assay.gym.pages.service import Gym
from assay.gym.pages.solve import NAMES, address_of
from assay.web import Hit, Offer
from assay.web.shell import Shell


def offers(shell: Shell, gym: Gym) -> list[Offer]:  # noqa: ARG001 - who looks is not known here
    """The one next thing for somebody who opens the home page."""
    courses = gym.library.courses()
    total = sum(len(course.problems) for course in courses)
    languages = " or ".join(dict.fromkeys(NAMES[course.language] for course in courses))
    return [
        Offer(
            title=f"Practise {languages}",
            text=f"{total} problems in the order to learn them, graded at once in the sandbox. No account is needed.",
            label="Open the gym",
            href="/gym/",
        )
    ]


def search(gym: Gym, words: str, limit: int) -> list[Hit]:
    """Problems, lessons and notes whose titles hold the words, then problems whose statement does."""
    wanted = words.casefold().split()
    found = [(rank, number, hit) for number, (texts, hit) in enumerate(_things(gym)) if (rank := _rank(texts, wanted))]
    return [hit for _, _, hit in sorted(found, key=lambda one: (-one[0], one[1]))[:limit]]


def _rank(texts: tuple[str, ...], wanted: list[str]) -> int:
    """4: all words in the first text; less, the later the text; 0: nowhere."""
    for place, text in enumerate(texts):
        if all(word in text.casefold() for word in wanted):
            return 4 - place
    return 0


def _things(gym: Gym) -> Iterator[tuple[tuple[str, ...], Hit]]:
    for course in gym.library.courses():
        for topic in course.topics:
            where = f"{course.title}: {topic.summary}"
            yield (
                (topic.title, f"{course.title} {topic.title} {topic.summary}"),
                Hit(kind="lesson", title=topic.title, detail=where, href=f"/gym/lessons/{topic.id}"),
            )
        for concept in course.concepts:
            href = f"/gym/concepts/{concept.id}?course={course.id}"
            hit = Hit(kind="note", title=concept.title, detail=course.title, href=href)
            yield (concept.title, f"{course.title} {concept.title} {concept.id}"), hit
        for problem in course.problems:
            _, topic = gym.library.place(problem.id)
            detail = f"{course.title}, {topic.title}, {problem.difficulty}"
            hit = Hit(kind="problem", title=problem.title, detail=detail, href=address_of(problem.id))
            yield (problem.title, f"{problem.title} {problem.id} {detail}", problem.statement), hit
