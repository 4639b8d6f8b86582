"""For teachers: classes, who is how far, what is hard, what help said, assignments, exams, and one learner's data.

Only the owner gets here: the guard keeps guests out by the address, and every route asks once more.
"""

from fastapi import APIRouter, Depends, HTTPException, Request

from assay.gym.pages import writing
from assay.gym.pages.service import Gym
from assay.gym.pages.teacher.assignments import add_assignments
from assay.gym.pages.teacher.class_table import add_class_table
from assay.gym.pages.teacher.classes import add_classes
from assay.gym.pages.teacher.help_sample import add_help_sample
from assay.gym.pages.teacher.one_learner import add_learner
from assay.gym.pages.teacher.problem_table import add_problem_table
from assay.gym.pages.teacher.settings import add_settings
from assay.web.guard import Visitor
from assay.web.shell import Shell


def only_the_owner(request: Request) -> None:
    """What every route here asks first."""
    visitor: Visitor = request.state.visitor
    if not visitor.member:
        raise HTTPException(401, "This is for teachers: sign in first.")


def router(shell: Shell, gym: Gym) -> APIRouter:
    """The routes for teachers."""
    routes = APIRouter(prefix="/teacher", dependencies=[Depends(only_the_owner)])
    routes.include_router(writing.router(shell, gym))
    add_classes(routes, shell)
    add_class_table(routes, shell, gym)
    add_problem_table(routes, shell, gym)
    add_help_sample(routes, shell, gym)
    add_assignments(routes, shell, gym)
    add_learner(routes, shell, gym)
    add_settings(routes, shell)
    return routes
