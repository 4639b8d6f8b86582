"""The courses that are served: a folder of them, or one file that holds all; read again when it was saved."""

import functools
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field

from assay.content import Document, read, read_text
from assay.errors import AssayError, ContentError, UnknownName
from assay.gym.records.problems import Concept, Course, Problem, Topic
from assay.gym.records.shown import PublicProblem, PublicTest
from assay.gym.tasks import call_in_words, expected_in_words
from assay.pipeline.sandbox.guest import values
from assay.records import Language, Record

COURSES = Path(__file__).parent / "courses"
_LOOK_EVERY_S = 0.5

_ID = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)


class TopicHead(Record):
    """A topic as course.yaml says it; its lesson is lessons/<id>.md."""

    id: str = _ID
    title: str
    summary: str
    teaches: tuple[str, ...]
    problems: tuple[str, ...]


class CourseFile(Record):
    """What course.yaml says."""

    schema_: Literal["assay/course@1"] = Field(alias="schema")
    id: str = _ID
    title: str
    language: Language
    summary: str
    topics: tuple[TopicHead, ...] = Field(min_length=1)


class ConceptsFile(Record):
    """What concepts.yaml says."""

    schema_: Literal["assay/concepts@1"] = Field(alias="schema")
    concepts: tuple[Concept, ...]


class CoursesFile(Record):
    """Whole courses in one file."""

    schema_: Literal["assay/gym@1"] = Field(alias="schema")
    courses: tuple[Course, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Source:
    """Where a problem was read from, for messages with line and column."""

    document: Document
    path: tuple[str | int, ...] = ()

    def place(self, *path: str | int, key: bool = False) -> str:
        """file:line:column of what stands at `path` of the problem."""
        return self.document.place(*self.path, *path, key=key)


@dataclass(frozen=True)
class Shelf:
    """Everything that was read at one time."""

    courses: tuple[Course, ...]
    version: str
    problems: dict[str, Problem]
    places: dict[str, tuple[Course, Topic]]
    sources: dict[str, Source]
    """By problem; by course, for what is wrong with the course itself; by COURSE/concepts, for its notes."""
    versions: dict[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """What is there and could not be read: problems by their id, COURSE/concepts, COURSE/lessons/TOPIC. What names or needs
    one of these is not at fault for it."""


class Library:
    """The courses of one folder or file. Safe to use from several threads, and cheap to ask.

    A file that was saved with a mistake in it changes nothing: what was read before stays, and `mistake` says why.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or COURSES
        self._lock = threading.Lock()
        self._looked = 0.0
        self._state: tuple[object, ...] = ()
        self._shelf: Shelf | None = None
        self.mistake: ContentError | None = None

    def courses(self) -> tuple[Course, ...]:
        """The courses, in the order of their names (of one file: in its order)."""
        return self.shelf().courses

    def course(self, identifier: str) -> Course:
        """The course of this id. Raises UnknownName."""
        found = next((course for course in self.courses() if course.id == identifier), None)
        if found is None:
            raise UnknownName("course", identifier, [course.id for course in self.courses()])
        return found

    def problem(self, identifier: str) -> Problem:
        """The problem of this id. Raises UnknownName."""
        shelf = self.shelf()
        if identifier not in shelf.problems:
            raise UnknownName("problem", identifier, shelf.problems)
        return shelf.problems[identifier]

    def place(self, identifier: str) -> tuple[Course, Topic]:
        """Where a problem stands. Raises UnknownName."""
        self.problem(identifier)
        return self.shelf().places[identifier]

    def topic(self, identifier: str) -> tuple[Course, Topic]:
        """A topic and its course. Raises UnknownName."""
        topics = {topic.id: (course, topic) for course in self.courses() for topic in course.topics}
        if identifier not in topics:
            raise UnknownName("topic", identifier, topics)
        return topics[identifier]

    def concept(self, course: Course, identifier: str) -> Concept | None:
        """A course's note on a concept."""
        return next((concept for concept in course.concepts if concept.id == identifier), None)

    @property
    def version(self) -> str:
        """Another one whenever anything changed."""
        return self.shelf().version

    def problem_version(self, identifier: str) -> str:
        """Another one whenever anything of this problem changed."""
        self.problem(identifier)
        return self.shelf().versions[identifier]

    def shelf(self) -> Shelf:
        """What was read last, after a look whether something was saved since."""
        now = time.monotonic()
        shelf = self._shelf
        if shelf is not None and now - self._looked < _LOOK_EVERY_S:
            return shelf
        with self._lock:
            if self._shelf is not None and time.monotonic() - self._looked < _LOOK_EVERY_S:
                return self._shelf
            state = _state(self.path)
            if self._shelf is None or state != self._state:
                try:
                    self._shelf = _read(self.path, state)
                    self.mistake = None
                except ContentError as error:
                    if self._shelf is None:
                        raise
                    self.mistake = error
                self._state = state
            self._looked = time.monotonic()
            return self._shelf


def kept_shelf(path: Path) -> Shelf:
    """What `read_shelf` gives; read once a process for as long as no file of it changes."""
    return _read(path, _state(path))


@functools.lru_cache(maxsize=2)
def _read(path: Path, state: tuple[object, ...]) -> Shelf:  # noqa: ARG001 - another state, another shelf
    return read_shelf(path)


def _state(path: Path) -> tuple[object, ...]:
    """What changes when a file under `path` is saved, made or taken away."""
    found: list[object] = []
    for file in [path] if path.is_file() else _files(path):
        try:
            about = os.stat(file)
        except OSError:
            continue  # it went away meanwhile
        found.append((str(file), about.st_mtime_ns, about.st_size))
    return tuple(found)


def _files(path: Path) -> Iterator[Path]:
    for course in _course_folders(path):
        yield course / "course.yaml"
        yield course / "concepts.yaml"
        yield from sorted((course / "problems").glob("*.yaml"))
        yield from sorted((course / "lessons").glob("*.md"))


def _course_folders(path: Path) -> list[Path]:
    """The folders under `path` that hold a course; `path` itself where it is one."""
    if (path / "course.yaml").is_file():
        return [path]
    return sorted(file.parent for file in path.glob("*/course.yaml"))


# ---- reading ---------------------------------------------------------------------------------------------------------


def read_shelf(path: Path, faults: list[ContentError] | None = None) -> Shelf:
    """Everything under `path`. Raises ContentError, with its place, for the first mistake; with `faults` it notes them
    all there, as far as reading can go on, and leaves out what they are about."""
    noted = _Faults(faults)
    unread: set[str] = set()
    if path.is_file():
        document = read(path)
        courses = document.record(CoursesFile).courses
        sources: dict[str, Source] = {}
        for at, course in enumerate(courses):
            sources[course.id] = sources[f"{course.id}/concepts"] = Source(document, ("courses", at))
            for number, problem in enumerate(course.problems):
                with noted:
                    _only_once(sources, problem.id, Source(document, ("courses", at, "problems", number)))
    else:
        folders = _course_folders(path)
        if not folders:
            raise ContentError(
                str(path), "holds no courses", "A course is a folder with a course.yaml; or name one config.yaml."
            )
        sources = {}
        courses = tuple(_read_course(folder, sources, noted, unread) for folder in folders)
    problems = {problem.id: problem for course in courses for problem in course.problems}
    places: dict[str, tuple[Course, Topic]] = {}
    for course in courses:
        known = {problem.id for problem in course.problems}
        for at, topic in enumerate(course.topics):
            for number, identifier in enumerate(topic.problems):
                if identifier in unread:
                    continue
                where = sources[course.id].place("topics", at, "problems", number)
                with noted:
                    if identifier not in known:
                        unknown = UnknownName("problem of this course", identifier, known)
                        raise ContentError(where, str(unknown), unknown.help)
                    if identifier in places:
                        raise ContentError(where, f"the problem {identifier!r} stands in two topics", "Take one away.")
                    places[identifier] = (course, topic)
    for course in courses:
        for problem in course.problems:
            if problem.id not in places:
                with noted:
                    raise ContentError(
                        sources[problem.id].place("id"),
                        f"no topic of the course {course.id!r} names the problem {problem.id!r}",
                        f"Add it to a topic's problems: {sources[course.id].place('topics')}",
                    )
    problems = {identifier: problem for identifier, problem in problems.items() if identifier in places}
    versions = {identifier: version_of(problem) for identifier, problem in problems.items()}
    whole = hashlib.sha256("".join([*versions.values(), repr([_head(course) for course in courses])]).encode())
    return Shelf(courses, whole.hexdigest()[:16], problems, places, sources, versions, frozenset(unread))


class _Faults:
    """Notes what is wrong where there is a list for it, else lets it be raised."""

    def __init__(self, faults: list[ContentError] | None) -> None:
        self._faults = faults

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, ContentError) and self._faults is not None:
            self._faults.append(error)
            return True
        return False


def _head(course: Course) -> object:
    return course.model_copy(update={"problems": ()})


def _read_course(folder: Path, sources: dict[str, Source], noted: _Faults, unread: set[str]) -> Course:
    document = read(folder / "course.yaml")
    head = document.record(CourseFile)
    _only_once(sources, head.id, Source(document))
    problems = []
    for file in sorted((folder / "problems").glob("*.yaml")):
        unread.add(file.stem)
        with noted:
            source = Source(read(file))
            problem = source.document.record(Problem)
            if problem.id != file.stem:
                unread.add(problem.id)
                raise ContentError(
                    source.place("id"),
                    f"the id is {problem.id!r} but the file is called {file.name}",
                    "Make them one name.",
                )
            _only_once(sources, problem.id, source)
            problems.append(problem)
            unread.discard(file.stem)
    topics = []
    for at, topic in enumerate(head.topics):
        text = ""
        unread.add(f"{head.id}/lessons/{topic.id}")
        with noted:
            lesson = folder / "lessons" / f"{topic.id}.md"
            if not lesson.is_file():
                raise ContentError(
                    document.place("topics", at, "id"), f"there is no lessons/{lesson.name}", "Write it."
                )
            text = read_text(lesson)
            unread.discard(f"{head.id}/lessons/{topic.id}")
        topics.append(Topic(**topic.model_dump(), lesson=text))
    concepts: tuple[Concept, ...] = ()
    unread.add(f"{head.id}/concepts")
    with noted:
        if (folder / "concepts.yaml").is_file():
            notes = read(folder / "concepts.yaml")
            concepts = notes.record(ConceptsFile).concepts
            sources[f"{head.id}/concepts"] = Source(notes)
        unread.discard(f"{head.id}/concepts")
    return Course(
        id=head.id,
        title=head.title,
        language=head.language,
        summary=head.summary,
        topics=tuple(topics),
        concepts=concepts,
        problems=tuple(problems),
    )


def _only_once(sources: dict[str, Source], identifier: str, source: Source) -> None:
    if identifier in sources:
        raise ContentError(
            source.place("id"),
            f"a second one is called {identifier!r}",
            f"The first: {sources[identifier].place('id')}",
        )
    sources[identifier] = source


def read_problem(text: str, place: str) -> tuple[Problem, Source]:
    """One problem from its text. Raises ContentError at `place`:line:column."""
    document = Document(text, place)
    return document.record(Problem), Source(document)


def version_of(problem: Problem) -> str:
    """A short text that is another one whenever anything of the problem changed."""
    return hashlib.sha256(values.encode(problem.model_dump(mode="python")).encode()).hexdigest()[:16]


# ---- what a browser may have ----------------------------------------------------------------------------------------


def public_view(problem: Problem, language: Language) -> PublicProblem:
    """The problem without anything that gives it away. Raises AssayError where it is not there in this language."""
    sources = problem.languages.get(language)
    if sources is None:
        raise AssayError(
            f"The problem {problem.id} cannot be solved in {language}.",
            f"It is there in {', '.join(problem.languages)}.",
        )
    public = [test for test in problem.tests if test.visibility == "public"]
    return PublicProblem(
        id=problem.id,
        version=version_of(problem),
        title=problem.title,
        difficulty=problem.difficulty,
        minutes=problem.minutes,
        concepts=problem.concepts,
        prerequisites=problem.prerequisites,
        statement=problem.statement,
        kind=problem.grading.kind,
        language=language,
        languages=tuple(problem.languages),
        entry=sources.entry,
        starter=sources.starter,
        limits=problem.grading.limits,
        arguments_unchanged=problem.grading.check_arguments_unchanged,
        tests=tuple(
            PublicTest(
                id=test.id,
                name=test.name,
                call=call_in_words(problem, language, test),
                expected=expected_in_words(problem, language, test),
            )
            for test in public
        ),
        hidden=len(problem.tests) - len(public) + (problem.generated.count if problem.generated else 0),
        hints=len(problem.hints),
    )
