"""Every stage's files, where a person can open them: OUTPUT/runs/RUN/MODEL/PROMPT/SAMPLE/…

The database is what a run goes on from; the folder is written from it, and can be written anew at any time.

    reply.md         what the model said (the last try; earlier ones in tries/)
    script.py        the script after clean-up, and beside it the reply's further files in files/
    output.txt       what the script printed, and how it ended
    test_reply.md    what the testing model said
    test_script.py   the test file after clean-up
    combined.py      both as one file: `pytest combined.py` runs the tests
    pytest.txt       what pytest printed
    run.json         everything that is known of the sample

Names of models come from anywhere: each is made a plain file name, and two never share one.
"""

import hashlib
import re
from pathlib import Path, PurePosixPath

from assay.bench.scripts.mending import combined
from assay.bench.scripts.records import ScriptAttempt, ScriptReport, ScriptRun, ScriptSample, TestAttempt
from assay.bench.scripts.runs import Place, SampleState, place_of, read_samples, states
from assay.errors import AssayError
from assay.store import Store

_SAVED_AT_ONCE = 50


def plain_name(name: str) -> str:
    """A name as a file name that leads nowhere else; one that had to be changed ends with a mark of its own."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:60]
    if plain and plain == name:
        return plain
    return f"{plain or 'name'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def run_folder(output: str | Path, run: str) -> Path:
    """The folder of a run's files."""
    return Path(output) / "runs" / plain_name(run)


def sample_folder(model: str, prompt: str, index: int) -> PurePosixPath:
    """The folder of one sample, within its run's. Samples are counted from 1."""
    return PurePosixPath(plain_name(model), plain_name(prompt), str(index + 1))


class Folder:
    """A run's folder, kept up with the database."""

    def __init__(self, store: Store, run: ScriptRun) -> None:
        self._store = store
        self._run = run.id
        self.path = run_folder(run.output, run.id)
        self._written: dict[Place, SampleState] = {}

    def keep_up(self) -> None:
        """Write the samples that have come further."""
        now = states(self._store, self._run)
        changed = [place for place, standing in now.items() if self._written.get(place) != standing]
        for start in range(0, len(changed), _SAVED_AT_ONCE):
            places = changed[start : start + _SAVED_AT_ONCE]
            for sample in read_samples(self._store, self._run, places):
                write_sample(self.path, sample)
                self._written[place_of(sample)] = now[place_of(sample)]

    def report(self, report: ScriptReport) -> Path:
        """Write the report as Markdown, whose place is given, and its numbers and lists as JSON."""
        from assay.bench.scripts.document import report_markdown

        _write(self.path / "report.json", report.model_dump_json(indent=2))
        path = self.path / "report.md"
        _write(path, report_markdown(report))
        return path


def write_sample(folder: Path, sample: ScriptSample) -> None:
    """Write one sample's files."""
    place = folder / sample_folder(sample.model, sample.prompt, sample.index)
    for number, script in enumerate(sample.scripts, 1):
        _write_script(place if number == len(sample.scripts) else place / "tries" / f"script-{number}", script)
    for number, test in enumerate(sample.tests, 1):
        _write_tests(place if number == len(sample.tests) else place / "tries" / f"tests-{number}", test)
    if sample.script and sample.test and sample.script.source and sample.test.source:
        _write(place / "combined.py", combined(sample.script.source, sample.test.source))
    _write(place / "run.json", sample.model_dump_json(indent=2))


def _write_script(place: Path, attempt: ScriptAttempt) -> None:
    _write(place / "reply.md", attempt.reply.text)
    if attempt.source:
        _write(place / "script.py", attempt.source)
    for path, text in attempt.files.items():
        parts = PurePosixPath(path).parts
        if parts and not path.startswith("/") and ".." not in parts and "\0" not in path:
            _write(place.joinpath("files", *parts), text)
    if attempt.tried and attempt.exit_code is not None:
        how = f"{attempt.status}: {attempt.message}".rstrip(": ")
        _write(place / "output.txt", f"{how}\n\n---- stdout\n{attempt.stdout}\n---- stderr\n{attempt.stderr}\n")


def _write_tests(place: Path, attempt: TestAttempt) -> None:
    _write(place / "test_reply.md", attempt.reply.text)
    if attempt.source:
        _write(place / "test_script.py", attempt.source)
    if attempt.tried:
        how = f"{attempt.status}: {attempt.message}".rstrip(": ")
        _write(place / "pytest.txt", f"{how}\n\n{attempt.output}\n")


def _write(path: Path, text: str) -> None:
    data = text.encode("utf-8", "replace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return
        new = path.with_name(f".{path.name}.new")
        new.write_bytes(data)
        new.replace(path)
    except OSError as error:
        raise AssayError(f"{path} cannot be written: {error.strerror}.", "Give another folder with --output.") from None
