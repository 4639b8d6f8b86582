"""A run's files in a folder that people can open: `results/RUN/samples.csv`, `samples.jsonl` and `tasks.csv`."""

from pathlib import Path

from assay.bench import evaluations
from assay.bench.exports import rows
from assay.bench.records import Evaluation
from assay.errors import AssayError
from assay.store import Store

FILES: tuple[tuple[rows.Table, rows.Format], ...] = (("samples", "csv"), ("samples", "jsonl"), ("tasks", "csv"))


def ready(folder: Path) -> None:
    """Make the folder that runs are written under: that it cannot be should be known before anything is paid."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None


def write_results(store: Store, evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write the run's files into a folder of its own under `folder`, as far as there are results; which they are."""
    place = folder / evaluation.id
    tasks = evaluations.read_tasks(store, evaluation.id)
    written = []
    for table, form in FILES:
        path = place / f"{table}.{form}"
        made = rows.rows(table, evaluation, evaluations.read_samples(store, evaluation.id), tasks)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8", newline="") as file:
                rows.write(table, form, made, file)
        except OSError as error:
            raise _unwritable(path, error) from None
        written.append(path)
    return written


def _unwritable(path: Path, error: OSError) -> AssayError:
    return AssayError(f"{path} cannot be written: {error.strerror}.", "Give another folder with --results.")
