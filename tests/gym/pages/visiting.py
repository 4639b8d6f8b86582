"""Somebody who works on a problem without a browser: sends its form as a page does, and as the editor's script does."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.browser_fixture import Site
from tests.web.test_guard import Browser, Said

COURSES = Path(__file__).parent / "config.yaml"
ABOVE = "/gym/problems/py-lists-above"
RIGHT = "def above(numbers, limit):\n    return [one for one in numbers if one > limit]\n"
WRONG = "def above(numbers, limit):\n    return [one for one in numbers if one >= limit]\n"


class Practising(Browser):
    """Keeps cookies and the form's token."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._token = ""

    def send(self, address: str, accept: str = "text/html", **fields: str) -> Said:
        """Post the problem's form; `do` says which button."""
        if not self._token:
            self._token = self.token("/gym/join")
        sent = {"_token": self._token, **fields}
        body = urlencode(sent).encode()
        kind = {"Content_Type": "application/x-www-form-urlencoded", "Accept": accept}
        return self.ask("POST", address, body, **kind)

    def act(self, address: str, **fields: str) -> Any:
        """The same as the script sends it: the answer is JSON."""
        said = self.send(address, "application/json", **fields)
        assert said.status == 200, said.text
        return json.loads(said.text)

    def data(self, address: str) -> Any:
        said = self.get(address, Accept="application/json")
        assert said.status == 200, said.text
        return json.loads(said.text)
