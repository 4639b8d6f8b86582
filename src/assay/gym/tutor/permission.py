"""Whether a learner may have a hint now: what `policy` says of what is kept of them."""

from datetime import UTC, datetime

from assay.gym import asking, attempting, rooms
from assay.gym.library import Library
from assay.gym.records.learners import Learner
from assay.gym.tutor import policy
from assay.gym.tutor.policy import Allowed
from assay.records import Language
from assay.store import Store


def allowed(store: Store, library: Library, learner: Learner, problem: str, language: Language, source: str) -> Allowed:
    """Whether a hint may be had now, at which level, and what is left."""
    found = library.problem(problem)
    tried = [
        policy.Tried(
            at=one.created,
            code=policy.code_key(one.source, language),
            passed=one.graded.purpose == "submit" and one.graded.verdict == "pass",
        )
        for one in attempting.attempts(store, learner.id, problem, language)
        if one.graded.purpose != "console"
    ]
    given = [
        policy.Given(at=one.answered or one.created or datetime.now(UTC), level=one.level, code=one.code_hash)
        for one in asking.help_answers(store, learner.id, problem)
        if one.tool == "hint" and one.level and one.language == language and one.state != "failed"
    ]
    starter = found.languages[language].starter
    state = policy.state(language, starter, source, tried, given, exam=in_exam(store, learner))
    return policy.allowed(state, datetime.now(UTC))


def in_exam(store: Store, learner: Learner) -> bool:
    """Whether the learner's class writes an exam: there is no help in one."""
    until = rooms.exam_until(store, learner)
    return until is not None and until > datetime.now(UTC)
