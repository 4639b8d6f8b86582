"""Inside the sandbox: become the program. It runs as a script, answers calls, or runs test code that makes calls.

The last trusted lines before hostile ones, in one process with them: nothing here is a secret or a verdict.
Frames are lines of JSON text on the channel.

calls:  in   ["batch", entry, [[args, kwargs], ..], want_arguments]    or, one at a time,   ["call", n, target, args, kwargs]
        out  ["v", value] or ["e", name, message, [bases]]            ["v", n, value, changed arguments] or ["e", n, ...]
tests:  in   ["tests", source, entry, [names], linked]   linked: a socket to the candidate comes with it
        out  ["call", n, target, args, kwargs] ..., where it is not linked, and at last
             ["done", outcome, error, message, line, calls, [last lines of the dialogue, where it is linked]]
             before the first or the last of them, where nothing else is to run in this process afterwards:   ["spent"]
"""

import _socket
import _thread
import builtins
import contextlib
import gc
import opcode
import os
import resource
import sys
import time
import types
from typing import Any

from . import descriptors, reach, values

_TESTS = "<tests>"  # where the code of tests stands: no file of a candidate's is called so
_MAX_MESSAGE = 2000
_FLUSH_EVERY = 32  # fewer answers than this are each sent at once: a program that dies then shows where
_FLUSH_AFTER = 0.002  # s; what a dying program can lose of a longer batch
_MAX_LINE = 32 << 20
_CHUNK = 1 << 16
_KEPT_LINES, _KEPT_LENGTH = 40, 2000
_KEPT_CODES = 4  # a task has few checks; a source may have megabytes


def warm():
    """Do, in the zygote, what every program would do for itself: answer some calls, again and again.

    The interpreter keeps what it learns in the code it runs and in tables of its own: the classes of syntax trees that
    `compile` makes, where each attribute was found, which kinds of value each line meets. What is learnt before the fork
    no child writes, and a page that is not written is not copied.
    """
    kept, own = sys.argv, sys.modules["__main__"]
    for _ in range(REHEARSALS):
        host, program = _socket.socketpair()
        host.sendall(_REHEARSED_CALLS)
        host.shutdown(_socket.SHUT_WR)
        serve_calls("rehearsed.py", _REHEARSED, Channel(program.fileno()))
        host.close()
        program.close()
    sys.argv, sys.modules["__main__"] = kept, own
    del sys.modules["candidate"]


REHEARSALS = 40  # the interpreter learns by the eighth to the thirtieth time
_REHEARSED = b"""
from typing import Dict, List, Optional, Tuple

def answer(value, *more):
    \"\"\"What a program does most.\"\"\"
    if value == "raise":
        raise ValueError(value)
    found = sorted(item for item in [1, 2.5, 3] if item > 1)
    return value
"""
_REHEARSED_VALUES = (
    "1", "-2.5", "true", "null", '"text"', "[1,2,3]", "[1.5,2.0]", '["a","b"]', "[[1,2],[3]]", "[]", '{"t":[1,"a"]}',
    '{"d":[["a",1],["b",2]]}', '{"s":[1,2]}', '"raise"',
)  # fmt: skip
_REHEARSED_CALLS = "".join(
    '["call",%d,"answer",[%s],[]]\n' % (number + 1, value) for number, value in enumerate(_REHEARSED_VALUES)
).encode()


def run_program(main, source, argv):
    """Run `main` as `python main` would, in this process; returns the exit code after what runs at exit."""
    sys.argv = [main, *argv]
    module = _fresh_module("__main__", main)
    code = 0
    try:
        exec(_compiled(main, source), module.__dict__)
    except SystemExit as leave:
        code = _exit_code(leave.code)
    except BaseException:
        _print_exception()
        code = 1
    return _leave(code)


def serve_calls(main, source, channel):
    """Load `main` and answer calls until the channel closes; returns the exit code."""
    module = _fresh_module("candidate", main)
    sys.argv = [main]
    stand_in = types.ModuleType("__main__")  # what `import __main__` finds, as under any test runner
    sys.modules["__main__"] = stand_in
    try:
        exec(_compiled(main, source), module.__dict__)
    except BaseException as error:
        channel.send(_raised(error))
        _print_exception()
        return _leave(1)
    channel.send('["ready"]')
    keeper = _Keeper()
    while True:
        frame = channel.receive()
        if frame is None:
            return _flushed(0)  # nothing more is asked: threads and exit hooks have no say in an answer
        if frame[0] == "batch":
            _answer_batch(module, frame, channel, keeper)
        else:
            _answer_call(module, frame, channel, keeper)


def _answer_batch(module, frame, channel, keeper):
    _, entry, cases, want_arguments = frame
    each = len(cases) <= _FLUSH_EVERY
    clock = time.perf_counter
    sent = clock()
    waiting: list[str] = []
    for arguments, keywords in cases:
        if waiting and (each or clock() - sent > _FLUSH_AFTER):
            channel.send("\n".join(waiting))
            waiting.clear()
            sent = clock()
        waiting.append(_answer(module, keeper, entry, arguments, keywords, "", want_arguments))
    if waiting:
        channel.send("\n".join(waiting))


def _answer_call(module, frame, channel, keeper):
    _, number, target, arguments, keywords = frame
    channel.send(_answer(module, keeper, target, arguments, keywords, "%d," % number, None))


def _answer(module, keeper, target, arguments, keywords, number, want_arguments):
    """One line. `want_arguments` True: always send the arguments as they are afterwards; None: only where changed."""
    try:
        values_in = [keeper.value(item) for item in arguments]
        named = {key: keeper.value(item) for key, item in keywords} if keywords else {}
        function = _target(module, keeper, target)
        answered = function(*values_in, **named)
        if not number and type(answered) is types.CoroutineType:  # a batch wants values; test code awaits it itself
            answered = _awaited(answered)
        result = values.encode(answered, keeper.keep)
        after = ""
        if want_arguments:
            after = "," + values.encode(values_in, keeper.keep)
        elif want_arguments is None and not all(type(item) in _IMMUTABLE for item in values_in):
            changed = values.encode(values_in, keeper.keep)
            if changed != _dumps(arguments):
                after = "," + changed
        return '["v",' + number + result + after + "]"
    except BaseException as error:
        return _raised(error, number)


_IMMUTABLE = {type(None), bool, int, float, str, bytes, complex}
_dumps = values._dumps


def _target(module, keeper, target):
    if type(target) is str:
        try:
            return getattr(module, target)
        except AttributeError:
            raise NameError("name '%s' is not defined" % target) from None
    number, operation = target
    thing = keeper.things[number]
    if operation == "call":
        return thing
    return lambda *arguments: _OPERATIONS[operation](thing, *arguments)


_OPERATIONS: "dict[str, Any]" = {
    "iter": lambda thing: iter(thing),
    "next": lambda thing: next(thing),
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "getitem": lambda thing, key: thing[key],
    "setitem": lambda thing, key, value: thing.__setitem__(key, value),
    "delitem": lambda thing, key: thing.__delitem__(key),
    "len": len,
    "str": str,
    "repr": repr,
    "bool": bool,
    "int": int,
    "float": float,
    "enter": lambda thing: thing.__enter__(),
    "exit": lambda thing: thing.__exit__(None, None, None),
    "await": lambda thing: _awaited(thing),
    "aiter": lambda thing: aiter(thing),
    "anext": lambda thing: _awaited(anext(thing)),
    "aenter": lambda thing: _awaited(thing.__aenter__()),
    "aexit": lambda thing: _awaited(thing.__aexit__(None, None, None)),
}
_ENDS = {"next": StopIteration, "anext": StopAsyncIteration}  # what may end a loop of the tests'
_loops: "list[Any]" = []


def _awaited(thing):
    """What an awaitable gives. One loop for all calls: what a program bound to it (a queue, a task) lives on in the next."""
    if not _loops:
        import asyncio

        _loops.append(asyncio.new_event_loop())

    async def whole():
        return await thing

    return _loops[0].run_until_complete(whole())


class _Keeper:
    """The values that stay here, by number, for as long as the program runs (which its limits bound)."""

    def __init__(self):
        self.things = []
        self._numbers = {}

    def keep(self, thing):
        number = self._numbers.get(id(thing))
        if number is None:
            number = self._numbers[id(thing)] = len(self.things)
            self.things.append(thing)
        return number

    def value(self, node):
        return values.built(node, lambda number, _: self.things[number])


def run_tests(channel):
    """Run one test source after another against the candidate beyond the channel, until it closes.

    A source that could leave something for the next one to meet (a patched module, a thread) is told: it is the last here.
    """
    gc.freeze()  # what is here now need not be gone through after each of them
    while True:
        frame = channel.receive()
        if frame is None:
            return 0
        _, source, entry, names, linked = frame
        last = _reaches_out(source)
        if last:  # said before a line of it runs: afterwards it could say anything
            channel.send(_SPENT)
        if not linked:
            candidate = _Candidate(channel)
            _tell(channel, _run_test(source, entry, names, candidate), last, candidate.unanswered)
            continue
        link = Channel(channel.attached.pop(), keep=_KEPT_LINES)
        try:
            _tell(channel, [*_run_linked(source, entry, names, link), link.kept], last)
        finally:
            os.close(link.fd)


def _tell(channel, done, last, unanswered=False):
    """What became of a test; before it, where the next one would meet what is left, that it is the last here after all."""
    if not last and (unanswered or not _let_go()):
        channel.send(_SPENT)
    channel.send(_dumps(done))


def _let_go():
    """Clear away what a test left: a generator in a circle with itself would run its `finally` in the time of the next one.

    Whether there is room as before: text that a module keeps (a pattern, a name) could leave the next one without memory.
    """
    while gc.collect():
        pass
    limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
    if (
        limit == resource.RLIM_INFINITY
    ):  # a control group: who runs out of it is ended, and tried again in a new process
        return True
    try:
        bytes(limit // 4 * 3)  # taken and given back without being written to, which costs nothing
    except MemoryError:
        return False
    return True


_SPENT = '["spent"]'


def _run_linked(source, entry, names, link):
    """As `_run_test`, where the candidate's own first line comes to us: that it is ready, or why it could not be loaded."""
    try:
        first = link.receive()
    except values.Undecodable:
        first = None
    if first == ["ready"]:
        done = _run_test(source, entry, names, _Candidate(link))
        return done if not link.waiting() else ["done", "unasked", *done[2:]]
    return ["done", "unloaded" if first is not None else "broken", "", "", 0, 0]


def _run_test(source, entry, names, candidate):
    proxy = candidate.function(entry)
    namespace = {"__name__": "tests", "__builtins__": builtins, "candidate": proxy, entry: proxy}
    for name in names:
        namespace[name] = candidate.function(name)
    try:
        code = _test_code(source)
        exec(code, namespace)
        if callable(namespace.get("check")) and not (candidate.calls and _uses(code, "check")):
            namespace["check"](proxy)
    except BaseException as error:
        if candidate.not_handed:
            return ["done", "unheld", "TypeError", candidate.not_handed, _line_of(error), candidate.calls]
        if candidate.broken:
            kind = "broken"
        elif candidate.raised(error):
            kind = "raised"
        else:
            kind = "failed" if isinstance(error, AssertionError) else "unusable"
        text = _text(error)
        if candidate.compared:
            text += (
                ", " if text else ""
            ) + "where objects of the candidate's were compared: they equal only themselves here"
        return ["done", kind, type(error).__name__, text, _line_of(error), candidate.calls]
    finally:
        candidate.forget()
        namespace.clear()  # it holds its functions, and they hold it: what a test keeps may be large
    if candidate.not_handed and not candidate.broken:  # the tests took the error for the candidate's
        return ["done", "unheld", "TypeError", candidate.not_handed, 0, candidate.calls]
    return ["done", "broken" if candidate.broken else "passed", "", "", 0, candidate.calls]


_test_codes: dict[str, types.CodeType] = {}
_reaching: "set[str]" = set()  # those of them that may change what is not their own


def _test_code(source):
    """What it compiles to. Samples of one task come one after the other: compiled once, the interpreter knows its ways."""
    code = _test_codes.get(source)
    if code is None:
        if len(_test_codes) >= _KEPT_CODES:
            _test_codes.clear()
            _reaching.clear()
        code = _test_codes[source] = compile(source, _TESTS, "exec")
        if reach.reaches_out(code):
            _reaching.add(source)
    return code


_LOAD = opcode.opmap["LOAD_NAME"]


def _reaches_out(source: str) -> bool:
    """Whether a source may change what the next one meets. In doubt it may: a new process costs milliseconds."""
    try:
        _test_code(source)
    except Exception:  # it does not compile, as `_run_test` says; or it does next time, where memory was short
        return True
    return source in _reaching


def _uses(code, name):
    """Whether a source uses a name, besides giving it a value."""
    return name in reach.named(code, _LOAD) or any(name in inner.co_names for inner in reach.every(code)[1:])


class CandidateGone(BaseException):
    """The candidate ended before it answered. Not an Exception: no `except` of the test code's may swallow it."""


def _is_answer(frame, number):
    """Whether a frame is an answer to call `number`, in form: what it says may still be anything."""
    if type(frame) is not list or len(frame) < 3 or frame[1] != number:
        return False
    if frame[0] == "v":
        return len(frame) == 3 or (len(frame) == 4 and type(frame[3]) is list)
    return (
        frame[0] == "e"
        and len(frame) == 5
        and type(frame[2]) is str
        and type(frame[3]) is str
        and type(frame[4]) is list
    )


class _Candidate:
    """The far end of the channel: numbers each call, and takes nothing but the answer to it."""

    def __init__(self, channel):
        self._channel = channel
        self._turn = _thread.RLock()  # tests may call from threads; a call and its answer are one
        self.calls = 0
        self.unanswered = False
        """Whether a call's answer was not taken, for want of stack or memory: who reads next meets it."""
        self.broken = False
        self.not_handed = ""
        """What of the tests' cannot be handed to it, and why: no fault of its own."""
        self.came = False
        """Whether anything came of it that the tests may hand back as part of something else."""
        self.over = False
        self.compared = False
        """Whether the tests compared two of its objects, which are equal only to themselves here."""
        self.numbers = {}
        """What its objects said they are as numbers."""
        self._errors = []

    def forget(self):
        """Let go of what came: an error holds the frames that it went through, and with them what the tests held there.

        What is left of the tests (an object in a circle, until it is found) calls nobody any more.
        """
        self.over = True
        self.numbers.clear()
        for error in self._errors:
            error.__traceback__ = None
        self._errors.clear()

    def function(self, name):
        def proxy(*arguments, **keywords):
            return self.call(name, arguments, keywords)

        proxy.__name__ = proxy.__qualname__ = name
        return proxy

    def call(self, target, arguments, keywords=()):
        with self._turn:
            return self._call(target, arguments, keywords)

    def _call(self, target, arguments, keywords):
        self.broken = self.broken or self.unanswered
        if self.broken or self.over:
            raise CandidateGone
        self.calls += 1
        try:
            named = [[key, values.plain(item, _number)] for key, item in dict(keywords).items()]
            given = [values.plain(item, _number) for item in arguments]
        except (NotHanded, values.Unencodable) as error:
            if (
                isinstance(error, NotHanded) or not self.came
            ):  # else it may be its own answer that is too deep, in a new list
                self.not_handed = str(error)
            raise NotHanded(str(error)) from None
        question = _dumps(["call", self.calls, target, given, named])
        self.unanswered = True
        self._channel.send(question)
        try:
            frame = self._channel.receive()
        except values.Undecodable:
            frame = None
        self.unanswered = False
        if not _is_answer(frame, self.calls):
            self.broken = True
            raise CandidateGone
        if frame[0] == "e":
            said = _exception(*frame[2:])
            if isinstance(said, (StopIteration, StopAsyncIteration)) and not isinstance(
                said, _ENDS.get(target[1] if type(target) is list else "", ())
            ):
                # From a call it would end a loop of the tests over such calls, `map(candidate, …)`, as if it had been passed.
                said = RuntimeError("the candidate raised " + type(said).__name__)
            self._errors.append(said)
            raise said
        if len(frame) > 3:
            self.came = True
            for mine, theirs in zip(arguments, values.built(frame[3], self._stand_in), strict=False):
                _become(mine, theirs)
        value = values.built(frame[2], self._stand_in)
        self.came = self.came or type(value) not in _IMMUTABLE
        return value

    def raised(self, error):
        return any(error is mine for mine in self._errors)

    def _stand_in(self, number, type_name):
        return (RemoteCoroutine if type_name == "coroutine" else Remote)(self, number, type_name)


class NotHanded(TypeError):
    """A value of the tests' that cannot be handed to the candidate."""


def _number(thing):
    if isinstance(thing, Remote):
        return thing._number
    raise NotHanded("a value of type %s cannot be handed to the candidate" % type(thing).__name__)


def _become(mine, theirs):
    """Give an argument the contents that the candidate's copy has after the call, as if it were one object."""
    if type(mine) is not type(theirs) or mine == theirs:
        return
    if type(mine) is list:
        mine[:] = theirs
    elif type(mine) in (dict, set):
        mine.clear()
        mine.update(theirs)


class Remote:
    """A value that stayed with the candidate: it can be called, iterated and asked, and equals only itself."""

    def __init__(self, candidate, number, type_name):
        vars(self).update(_candidate=candidate, _number=number, _type_name=type_name)

    def _ask(self, operation, *arguments, **keywords):
        return self._candidate.call([self._number, operation], arguments, keywords)

    def __call__(self, *arguments, **keywords):
        return self._ask("call", *arguments, **keywords)

    def __iter__(self):
        return self._ask("iter")

    def __next__(self):
        return self._ask("next")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._ask("getattr", name)

    def __setattr__(self, name, value):
        self._ask("setattr", name, value)

    def __delattr__(self, name):
        self._ask("delattr", name)

    def __getitem__(self, key):
        return self._ask("getitem", key)

    def __setitem__(self, key, value):
        self._ask("setitem", key, value)

    def __delitem__(self, key):
        self._ask("delitem", key)

    def __contains__(self, item):  # looked for here: asked itself, an object could say that it holds everything
        return any(item is one or item == one for one in self)

    def __len__(self):
        return self._ask("len")

    def __bool__(self):
        return bool(self._ask("bool"))

    def __int__(self):
        return self._as_number("int")

    def __float__(self):
        return self._as_number("float")

    def _as_number(self, kind):
        """The number it says it is when it is first asked: one that is another each time is a root of any polynomial."""
        numbers = self._candidate.numbers
        if (self._number, kind) not in numbers:
            numbers[self._number, kind] = self._ask(kind)
        return numbers[self._number, kind]

    def __str__(self):
        return str(self._ask("str"))

    def __eq__(self, other):
        if isinstance(other, Remote) and other is not self:
            self._candidate.compared = True
        return self is other

    __hash__ = object.__hash__

    def __repr__(self):
        return "<%s of the candidate>" % self._type_name

    def __enter__(self):
        return self._ask("enter")

    def __exit__(self, *error):
        self._ask("exit")

    def __aiter__(self):
        return self._ask("aiter")

    async def __anext__(self):
        return self._ask("anext")

    async def __aenter__(self):
        return self._ask("aenter")

    async def __aexit__(self, *error):
        self._ask("aexit")


class RemoteCoroutine(Remote):
    """A coroutine that stayed with the candidate. Whoever awaits it waits while it runs there, to its end."""

    def __await__(self):
        yield from ()
        return self._ask("await")

    def send(self, _):
        raise StopIteration(self._ask("await"))

    def __next__(self):
        return self.send(None)

    def __getattr__(self, name):  # asyncio asks for frames and code where it has something to say
        raise AttributeError(name)

    def throw(self, *error):
        raise error[-1] if isinstance(error[-1], BaseException) else error[0]

    def close(self):
        """It is not begun before it is awaited, and has ended then."""


def _exception(name, message, bases):
    """The builtin exception nearest to what the candidate raised; never one that only an interpreter raises."""
    for known in [name, *bases]:
        kind = getattr(builtins, known, None) if type(known) is str else None
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                return kind(message)
            except TypeError:  # UnicodeDecodeError and others want more than a message
                continue
    return Exception("%s: %s" % (name, message))


def _raised(error, number=""):
    kind = type(error)
    bases = [base.__name__ for base in type.__dict__["__mro__"].__get__(kind)[1:-1]]
    return '["e",' + number + ",".join([_dumps(kind.__name__), _dumps(_text(error)), _dumps(bases)]) + "]"


def _text(error):
    try:
        if type(error) is SyntaxError and error.filename == _TESTS:
            return "%s (line %s of the tests)" % (error.msg, error.lineno)
        return str(error)[:_MAX_MESSAGE]
    except BaseException:
        return ""


def _line_of(error):
    line = getattr(error, "lineno", 0) if isinstance(error, SyntaxError) else 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _TESTS:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line or 0


class Channel:
    """Lines of JSON on a socket, blocking. `attached`: descriptors that came; `kept`: the last lines both ways, as text."""

    def __init__(self, fd, keep=0, attached=False):
        self.fd = fd
        self._end = descriptors.end(os.dup(fd)) if attached else None
        self.attached = []
        self.kept = []
        self._keep = keep
        self._parts = []
        self._lines = []

    def send(self, text):
        if self._keep:
            self._remember(text)
        view = memoryview(text.encode("ascii", "backslashreplace") + b"\n")
        while view:
            try:
                view = view[os.write(self.fd, view) :]
            except (BrokenPipeError, ConnectionResetError):
                return  # nobody listens any more; `receive` says so

    def receive(self):
        """The next frame, read; None when none will come, or where a line is longer than any honest one."""
        size = 0
        while not self._lines:
            data = self._read()
            size += len(data)
            if not data or size > _MAX_LINE:
                return None
            *whole, rest = data.split(b"\n")
            for line in whole:
                self._lines.append(b"".join([*self._parts, line]))
                self._parts.clear()
            if rest:
                self._parts.append(rest)
            if whole:
                self._lines.reverse()  # taken from the end
        line = self._lines.pop()
        if self._keep:
            self._remember(line[:_KEPT_LENGTH].decode("utf-8", "replace"))
        return values.loads(line)

    def waiting(self):
        """Whether something came that nobody received."""
        if self._lines or self._parts:
            return True
        end = descriptors.end(self.fd)
        try:
            return bool(end.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT))
        except OSError:
            return False
        finally:
            end.detach()

    def _read(self):
        try:
            if self._end is None:
                return os.read(self.fd, _CHUNK)
            data, came = descriptors.receive(self._end, _CHUNK, 1)
            self.attached += came
            return data
        except (ConnectionResetError, BrokenPipeError):
            return b""

    def _remember(self, text):
        self.kept.append(text[:_KEPT_LENGTH])
        if len(self.kept) > self._keep:
            del self.kept[self._keep // 2 : self._keep // 2 + 2]


def _fresh_module(name, main):
    module = types.ModuleType(name)
    module.__dict__["__builtins__"] = builtins
    module.__file__ = main
    sys.modules[name] = module
    return module


def _compiled(main, source):
    if source is None:
        with open(main, "rb") as file:
            source = file.read()
    return compile(source, main, "exec", dont_inherit=True)


def _exit_code(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 255
    print(code, file=sys.stderr)
    return 1


def _print_exception():
    """The traceback as the interpreter prints it, without our own frames."""
    kind, error, trace = sys.exc_info()
    assert kind is not None
    assert error is not None
    while trace is not None and trace.tb_frame.f_globals.get("__name__") == __name__:
        trace = trace.tb_next
    with contextlib.suppress(BaseException):
        sys.excepthook(kind, error.with_traceback(trace), trace)


def _leave(code):
    """What the interpreter does at its end: threads are waited for, exit hooks run, streams are flushed."""
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        import atexit

        atexit._run_exitfuncs()
    except BaseException:
        _print_exception()
    return _flushed(code)


def _flushed(code):
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            code = code or 120
    return code
