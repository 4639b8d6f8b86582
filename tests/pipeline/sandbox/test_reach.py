"""What test code may leave for the next one in its process: told from its byte code, and in doubt it may."""

import gc
import subprocess
import sys
from typing import Any

import pytest

from assay.pipeline.sandbox.guest import driver, reach


def reaches(source: str) -> bool:
    return reach.reaches_out(compile(source, "tests", "exec"))


@pytest.mark.parametrize(
    "source",
    [
        "open(3, 'w', closefd=False).write('x')",
        "getattr(print.__self__, '__di' + 'ct__')",
        "try: 1 / 0\nexcept ZeroDivisionError as error: frame = error.__traceback__",
        "def check(candidate):\n    def inner(frame): return frame.f_back.f_globals\n",
        "(number for number in ()).gi_frame",
        "import typing\ntyping.sys.modules['math'] = 1",
        "from typing import sys as other",
        "import re\nre._cache.clear()",
        "import copy\ncopy._deepcopy_dispatch[list] = lambda item, memo: item",
        "import random\nrandom._inst.__init__(42)",
        "import random\nrandom.seed(42)",
        "from random import *\nseed(42)",
        "import decimal\ndecimal.getcontext().prec = 2",
        "import json\njson.encoder.ESCAPE_DCT.clear()",
        "import functools, collections\nfunctools.wraps(check, assigned=('most_common',))(collections.Counter)",
        "from operator import attrgetter\nattrgetter('__globals__')",
        "import string\nstring.Formatter().get_field('0.__globals__', [check], {})",
        "type('Odd', (), {'__reduce' + '_ex__': check})",
        "class Odd:\n    def __reduce_ex__(self, _): return check, (), {'isclose': check}\n",
        "class Odd:\n    def __del__(self): check()\n",
        "match check:\n    case object(__globals__=found): found.clear()\n",
        "import math\nmath.isclose = lambda *given: True",
        "import re\nclass Flags(int):\n    def __hash__(self): return 0\n    def __eq__(self, _): return True\nre.compile('a+b', Flags(2))",
        "from typing import Iterable\nIterable.register(int)",
        "from fractions import Fraction\nFraction.register(str)",
        "from typing import List\nList[(number for number in ())]",
        "import threading",
        "import os",
        "import numpy",
        "exec('x = 1')",
        "try: exit()\nexcept SystemExit: pass",
        "from json import tool\ntool.sys.modules['math'] = check",
        "import math\nmath.__annotations__['kept'] = []",
        "import collections, copy\ncopy.deepcopy([], collections.namedtuple('Memo', 'get')(check))",
        "__builtins__['len'] = None",
        "'{0.__globals__}'.format(check)",
        "try: check.nothing\nexcept AttributeError as error: error.obj",
        # more names than one byte counts: the number of the last one stands in two steps
        ";".join(f"name_{number} = 1" for number in range(300)) + "\nimport os",
    ],
)
def test_what_could_come_to_something_that_others_hold_reaches_out(source: str) -> None:
    assert reaches(source)


@pytest.mark.parametrize("source", ["def f(:", "x = '\0'", "x = '\ud800'"])
def test_what_cannot_be_looked_at_may_reach_out(source: str) -> None:
    assert driver._reaches_out(source)


@pytest.mark.parametrize(
    "source",
    [
        "METADATA = {'author': 'x'}\ndef check(candidate):\n    assert candidate([1, 2]) == [2, 1], 'said'\n",
        "import math\nassert math.isclose(f(1.5), math.pi ** 2)",
        "from math import *\nassert f(1) == floor(2.5)",
        "import copy, random\nitems = [random.randint(0, 9) for _ in range(9)]\nassert f(copy.deepcopy(items)) == sorted(items)",
        "from collections import Counter, defaultdict\ncounted = defaultdict(int)\ncounted['a'] += 1\nassert Counter(f('a')) == counted",
        "import re\nassert re.fullmatch('a+', f(3)).group(0).upper() == 'AAA'",
        "try:\n    f(0)\nexcept ValueError as error:\n    assert 'zero' in str(error)\nelse:\n    raise AssertionError",
        "from datetime import datetime\nassert f(datetime(2020, 1, 1)).year == 2020",
        "made = Stack()\nmade.push(1)\nassert len(made) == 1 and made.peek() == 1 and [*map(str, made)] == ['1']",
        "def helper(items: list[int]) -> int:\n    total = 0\n    for item in items:\n        total += item\n    return total",
        "from functools import reduce\nassert f(3) == reduce(lambda a, b: a * b, (1, 2, 3))",
    ],
)
def test_what_tests_are_made_of_leaves_nothing(source: str) -> None:
    assert not reaches(source)


def test_what_keeps_the_memory_of_the_next_one_is_seen() -> None:
    leaves = (
        "import resource\nfrom assay.pipeline.sandbox.guest import driver\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))\n"
        "before = driver._let_go()\nkept = bytes(1 << 29)\nprint(before, driver._let_go())"
    )
    assert subprocess.run([sys.executable, "-c", leaves], capture_output=True, text=True).stdout == "True False\n"


class _NoStack:
    """A channel to a candidate whose answer there is no stack left to take."""

    def __init__(self, source: str) -> None:
        self.frames: list[object] = [["tests", source, "f", [], False], RecursionError(), None]
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)

    def receive(self) -> object:
        frame = self.frames.pop(0)
        if isinstance(frame, RecursionError):
            raise frame
        return frame


def test_test_code_that_did_not_take_an_answer_is_the_last() -> None:
    channel = _NoStack("try:\n    f(1)\nexcept RecursionError:\n    pass\n")
    guest: Any = driver
    guest.run_tests(channel)
    gc.unfreeze()
    assert channel.sent == ['["call",1,"f",[1],[]]', '["spent"]', '["done","passed","","",0,1]']
