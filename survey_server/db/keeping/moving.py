"""Copy every row of one database into another of either kind, and prove it: a backup and a move are both this."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from survey_server.db.models import Base
from survey_server.db.session import Database
from survey_server.problems import DatabaseNotEmpty, DatabasesDiffer, MoveIncomplete

_AT_ONCE = 500
Tell = Callable[[str, int], None]


@dataclass(frozen=True)
class TableSum:
    """How many rows a table has, and the sum of their digests: the same whatever order they are read in."""

    rows: int
    digest: str


def copy_everything(source: Session, target: Database, tell: Tell = lambda table, rows: None) -> dict[str, TableSum]:
    """Copy all rows that `source` sees into the empty `target`, in one transaction, and read them back.

    Returns what each table holds. Raises DatabaseNotEmpty, DatabasesDiffer when they aren't at the same
    migration, and MoveIncomplete when a row that was read back isn't the one that was written.
    """
    with target.transaction() as session:
        _check_same_state(source, session)
        _check_empty(session)
        written = {table.name: _copy_table(source, session, table, tell) for table in Base.metadata.sorted_tables}
        _check_equal(written, sum_tables(session))
    with target.reading() as session:
        _check_equal(written, sum_tables(session))
    return written


def sum_tables(session: Session) -> dict[str, TableSum]:
    """What each table of this database holds."""
    sums = {}
    for table in Base.metadata.sorted_tables:
        total = _Total()
        for rows in _read(session, table):
            total.add(table, rows)
        sums[table.name] = total.told()
    return sums


def _copy_table(source: Session, target: Session, table: Table, tell: Tell) -> TableSum:
    total = _Total()
    for rows in _read(source, table):
        target.execute(insert(table), rows)
        total.add(table, rows)
    tell(table.name, total.rows)
    return total.told()


def _read(session: Session, table: Table) -> Iterator[list[dict[str, Any]]]:
    result = session.execute(select(table).execution_options(yield_per=_AT_ONCE)).mappings()
    for part in result.partitions():
        yield [dict(row) for row in part]


class _Total:
    """The count of rows and the sum, modulo 2^256, of the SHA-256 of each."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, table: Table, rows: list[dict[str, Any]]) -> None:
        self.rows += len(rows)
        names = sorted(table.columns.keys())
        for row in rows:
            plain = json.dumps([_plain(row[name]) for name in names], sort_keys=True, ensure_ascii=False)
            self._sum += int.from_bytes(hashlib.sha256(plain.encode()).digest())

    def told(self) -> TableSum:
        return TableSum(self.rows, f"{self._sum % (1 << 256):064x}")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return hashlib.sha256(value).hexdigest()
    return value.isoformat() if isinstance(value, date) else value


def _check_same_state(source: Session, target: Session) -> None:
    here, there = (session.scalar(text("SELECT version_num FROM alembic_version")) for session in (source, target))
    if here != there:
        raise DatabasesDiffer(
            f"The two databases are at different migrations ({here} and {there}): run `survey-server migrate` on both."
        )


def _check_empty(target: Session) -> None:
    for table in Base.metadata.sorted_tables:
        if target.scalar(select(func.count()).select_from(table.select().limit(1).subquery())):
            raise DatabaseNotEmpty(f"The table {table.name} of the target has rows already. Choose a new database.")


def _check_equal(written: dict[str, TableSum], found: dict[str, TableSum]) -> None:
    for name, total in written.items():
        if found[name] != total:
            raise MoveIncomplete(
                f"Table {name}: {total.rows} rows were read, and {found[name].rows} rows that aren't the same came "
                "out. Nothing of the target counts; the source is as it was."
            )
