"""Bring a database to this program's schema, one process at a time; refuse one that is ahead of it."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa

from assay.errors import StoreError

_STEPS = Path(__file__).parent / "migrations" / "versions"
_LOCK = 0x41535341595F4442  # our name in ASCII


def migrate(engine: sa.Engine) -> None:
    """Run the steps the database lacks. Raises StoreError where it has steps that this program does not know."""
    with engine.connect() as connection:
        if _is_current(version(connection)):
            return
    with engine.begin() as connection:
        connection.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if not _is_current(version(connection)):
            _upgrade(connection)


@cache
def head() -> str:
    """The newest step this program knows, by the files' names: an up-to-date database needs no Alembic."""
    return max(path.name[1:5] for path in _STEPS.glob("v[0-9][0-9][0-9][0-9]_*.py"))


def version(connection: sa.Connection) -> str | None:
    """The step the database stands at; None: it has none of our tables yet."""
    if connection.execute(sa.text("select to_regclass('alembic_version')")).scalar() is None:
        return None
    return connection.execute(sa.text("select version_num from alembic_version")).scalar()


def _is_current(found: str | None) -> bool:
    if found is not None and (not found.isdecimal() or found > head()):
        raise StoreError(
            f"The database was made by a newer Assay: its schema is {found}, this program knows {head()}.",
            "Upgrade Assay (`pip install --upgrade assay`); an older one would lose what the newer keeps.",
        )
    return found == head()


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
