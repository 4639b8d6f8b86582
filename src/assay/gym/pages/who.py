"""Who looks at a page of the gym: the learner whose secret is in the browser's cookie.

Nobody has to sign up: a learner is made with the first thing there is to keep, so that looking around leaves no trace.
"""

from fastapi import Request, Response

from assay.gym import learners
from assay.gym.records.learners import Learner
from assay.web.guard import cookie
from assay.web.seal import open_seal
from assay.web.shell import Shell

LASTS_S = 400 * 24 * 3600
"""As long as browsers keep a cookie at most: a learner comes back after the summer."""


class Who:
    """Finds and makes learners. One for an app; safe to use from several threads."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.cookie = f"assay_learner_{open_seal(shell.settings.home / 'web').mark}"

    def token(self, request: Request) -> str:
        """The secret that the browser sent; empty: none."""
        return request.cookies.get(self.cookie, "")

    def find(self, request: Request) -> Learner | None:
        """Who this is; None: nobody we know."""
        return learners.by_cookie(self._shell.store, self.token(request))

    def find_or_make(self, request: Request) -> tuple[Learner, str | None]:
        """Who this is, and where somebody new was made, the secret to `remember` in the answer."""
        found = self.find(request)
        return (found, None) if found is not None else learners.create(self._shell.store)

    def remember(self, request: Request, response: Response, token: str) -> None:
        """Give the browser the learner's secret; an empty one: take it away."""
        tls = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
        response.headers.append("Set-Cookie", cookie(self.cookie, token, LASTS_S if token else 0, tls))
