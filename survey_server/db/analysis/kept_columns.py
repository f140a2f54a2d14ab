"""Columns of a wave on the disk, beside the database: a new process goes on from where the last one stopped reading.

One file a wave: a line of JSON that says what follows, then the columns' bytes. It holds nothing that the database
doesn't hold, and whatever is wrong with it, the wave is read from the database again.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey_server.db.analysis.columns import Column, Texts, smallest
from survey_server.disk import put_in_place

_LAYOUT = 1
"""Another number, another layout: a file with an older one is not read."""


@dataclass
class KeptColumns:
    """What is known of a wave: its answers and repeats as columns, and the time of the latest change among them."""

    answers: dict[str, Column] = field(default_factory=dict)
    repeats: dict[str, dict[str, Column]] = field(default_factory=dict)
    looked_until: datetime | None = None


def write_columns(path: Path, kept: KeptColumns) -> None:
    """Keep the columns in `path`, whole or not at all; a disk that can't take them is no trouble, only slower."""
    tables = {"": kept.answers, **kept.repeats}
    blocks: list[bytes] = []
    head = {
        "layout": _LAYOUT,
        "looked_until": kept.looked_until.isoformat() if kept.looked_until else None,
        "tables": {name: list(_described(columns, blocks)) for name, columns in tables.items()},
    }
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(json.dumps(head).encode() + b"\n")
                file.writelines(blocks)
            put_in_place(Path(temporary), path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)


def read_columns(path: Path) -> KeptColumns:
    """What `write_columns` kept; nothing when there is no file, or one that can't be read."""
    try:
        content = path.read_bytes()
        start = content.index(b"\n") + 1
        head = json.loads(content[:start])
        if head["layout"] != _LAYOUT:
            return KeptColumns()
        blocks = _Blocks(memoryview(content), start)
        tables = {name: dict(_read(columns, blocks)) for name, columns in head["tables"].items()}
        looked_until = datetime.fromisoformat(head["looked_until"]) if head["looked_until"] else None
        return KeptColumns(tables.pop(""), tables, looked_until)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return KeptColumns()


def _described(columns: Mapping[str, Column], blocks: list[bytes]) -> Iterator[dict[str, Any]]:
    """Each column's description for the head; its bytes are added to `blocks`."""
    for name, column in columns.items():
        if isinstance(column, Texts):
            places, distinct = smallest(column).places, json.dumps(column.distinct.tolist()).encode()
            blocks += [places.tobytes(), distinct]
            yield {"name": name, "kind": places.dtype.str, "size": len(places), "texts": len(distinct)}
        else:
            blocks.append(column.tobytes())
            yield {"name": name, "kind": column.dtype.str, "size": len(column)}


def _read(columns: list[dict[str, Any]], blocks: _Blocks) -> Iterator[tuple[str, Column]]:
    for column in columns:
        values = blocks.array(column["kind"], column["size"])
        if "texts" in column:
            yield column["name"], Texts(values, blocks.texts(column["texts"]))
        else:
            yield column["name"], values


class _Blocks:
    """The bytes after the head, taken one block after the other."""

    def __init__(self, content: memoryview, start: int) -> None:
        self.content, self.at = content, start

    def array(self, kind: str, size: int) -> NDArray[Any]:
        """The next block as an array; raises ValueError when the file ends before it."""
        values = np.frombuffer(self.content, dtype=np.dtype(kind), count=size, offset=self.at)
        self.at += values.nbytes
        return values

    def texts(self, length: int) -> NDArray[np.object_]:
        """The next block as distinct texts."""
        found = json.loads(bytes(self.content[self.at : self.at + length]))
        self.at += length
        texts = np.empty(len(found), dtype=object)
        texts[:] = found
        return texts
