"""Bring the tables to the newest state, or back, by the steps in `migrations/`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig

from survey_server.db.session import open_database

OF_ONE_DATABASE = ("submission_words", "ix_submission_text_words")
"""How the names of tables and indexes begin that only one kind of database has: no model speaks of them."""

_MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def migrate(url: str, revision: str = "head") -> None:
    """Take the database at `url` up to `revision`; data is kept."""
    _run(url, revision, up=True)


def migrate_down(url: str, revision: str) -> None:
    """Take the database at `url` back down to `revision`; "base" empties it."""
    _run(url, revision, up=False)


def is_of_models(name: str | None, kind: str, _: object = None) -> bool:
    """Whether a table or index that is there is one that the models speak of; for Alembic's comparison."""
    return kind not in ("table", "index") or not str(name).startswith(OF_ONE_DATABASE)


def _run(url: str, revision: str, *, up: bool) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with open_database(url).transaction() as session:
        config.attributes["connection"] = session.connection()
        (command.upgrade if up else command.downgrade)(config, revision)
