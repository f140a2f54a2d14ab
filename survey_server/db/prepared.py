"""Statements made once and handed straight to the driver: intake runs a dozen of them for every interview.

SQLAlchemy writes them, for either database, and says how each value is stored and read; what is left out is its work
for every single execution, which costs more than the databases' own.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError

Convert = Callable[[Any], Any] | None
Values = Mapping[str, Any]


class Prepared:
    """An INSERT, or an UPDATE or SELECT whose values are bind parameters."""

    def __init__(self, statement: Insert | Update | Select[Any]) -> None:
        self._statement = statement
        self._written: dict[tuple[str, ...], _Written] = {}

    def run(self, connection: Connection, *rows: Values) -> None:
        """Execute it with each of the rows, all of the same columns, in the connection's transaction."""
        written = self._for(connection.dialect, rows[0])
        values: Any = [written.values(row) for row in rows]
        cursor = connection.connection.cursor()
        try:
            if len(values) == 1:
                cursor.execute(written.text, values[0])
            else:
                cursor.executemany(written.text, values)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _told(connection, error) from error
        finally:
            cursor.close()

    def fetch(self, connection: Connection, values: Values) -> list[Any]:
        """The rows of a SELECT, as named tuples."""
        written = self._for(connection.dialect, values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(written.text, written.values(values))
            return [written.row(each) for each in cursor.fetchall()]
        except connection.dialect.loaded_dbapi.Error as error:
            raise _told(connection, error) from error
        finally:
            cursor.close()

    def first(self, connection: Connection, values: Values) -> Any | None:
        """The first row of a SELECT as a named tuple; None if there is none."""
        return next(iter(self.fetch(connection, values)), None)

    def _for(self, dialect: Dialect, row: Values) -> _Written:
        key = (dialect.name, *row)
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = _Written(self._statement, list(row), dialect)
        return written


@contextmanager
def in_one_go(connection: Connection) -> Iterator[None]:
    """What is run in the block goes to PostgreSQL without waiting for each answer; what failed is raised at its end."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.driver != "psycopg":
        yield
        return
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, error) from error


class _Written:
    """A statement in the words of one database."""

    def __init__(self, statement: Insert | Update | Select[Any], names: Sequence[str], dialect: Dialect) -> None:
        columns = names if isinstance(statement, Insert) else None
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        self.text: str = str(compiled)
        self._order: Sequence[str] | None = compiled.positiontup
        self._stored = {name: _bind_processor(bind.type, dialect) for bind, name in compiled.bind_names.items()}
        self._given = {name: value for name, value in compiled.params.items() if value is not None}
        read = statement.selected_columns if isinstance(statement, Select) else ()
        self._read = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in read]
        self._row: Any = namedtuple("Row", [each.key for each in read])  # type: ignore[misc]

    def values(self, row: Values) -> Sequence[Any] | Mapping[str, Any]:
        """What the driver is given: by place or by name, each value as it is stored."""
        told = {**self._given, **row} if self._given else row
        stored = self._stored
        if self._order is not None:
            return [told[name] if (store := stored[name]) is None else store(told[name]) for name in self._order]
        return {name: told[name] if store is None else store(told[name]) for name, store in stored.items()}

    def row(self, values: Sequence[Any]) -> Any:
        """A row of the result, each value as it was before it was stored."""
        return self._row(
            *(value if read is None else read(value) for value, read in zip(values, self._read, strict=True))
        )


def _bind_processor(kind: Any, dialect: Dialect) -> Convert:
    processor: Convert = kind.dialect_impl(dialect).bind_processor(dialect)
    return processor


def _told(connection: Connection, error: Exception) -> BaseException:
    """The error as SQLAlchemy tells it, without the values: they may be answers."""
    dialect = connection.dialect
    if dialect.is_disconnect(error, None, None):  # type: ignore[arg-type]
        connection.invalidate(error)
    return DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)
