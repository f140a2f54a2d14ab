"""What every table is made of: ids, instants, the programme that leads each key."""

from __future__ import annotations

import itertools
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, ForeignKey, LargeBinary, MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

_EPOCH_2020_MS = 1_577_836_800_000
_ORDER_BITS = 21
_order = itertools.count(secrets.randbits(_ORDER_BITS))


def new_id() -> int:
    """An id that any server can make alone: ordered by time to the millisecond, unique within a programme."""
    milliseconds = time.time_ns() // 1_000_000 - _EPOCH_2020_MS
    return (milliseconds << _ORDER_BITS) | (next(_order) & ((1 << _ORDER_BITS) - 1))


def now() -> datetime:
    """This instant in UTC, to the millisecond that the database keeps."""
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as milliseconds since 1970 so that both databases sort and compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Milliseconds for the database; a datetime without a zone is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return round(value.timestamp() * 1000)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The aware datetime, in UTC."""
        return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


class Base(DeclarativeBase):
    """The tables of survey_server. All but Programme, Person and the logins carry the programme's id first."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: Instant,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        int: BigInteger,
    }


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements that are made once and run for every batch."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


class InProgramme:
    """The first part of the primary key of every table that belongs to a programme."""

    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), primary_key=True, sort_order=-2)


class WithId(InProgramme):
    """The primary key (programme, id), the id made here and not by the database."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id, sort_order=-1)
