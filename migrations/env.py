"""Alembic's entry: runs the steps on the connection that survey_server.db.migrate hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from survey_server.config import Config
from survey_server.db.migrate import is_of_models
from survey_server.db.models import Base, Instant
from survey_server.db.session import open_database


def as_plain_type(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A step says what it did then: it names the database's types, not classes that may change later."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Instant) else False


def run(connection: Connection) -> None:
    """All steps in the caller's one transaction: SQLite can undo a change of tables as PostgreSQL can."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=as_plain_type,
        include_name=is_of_models,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    with open_database(Config.from_environment().database_url).transaction() as session:
        run(session.connection())
