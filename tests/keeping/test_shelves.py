"""Finished reports and exports: on the disk of one server, or in an object store for all of them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from survey_server.db.keeping.backups import restore_backup, write_backup
from survey_server.db.media.files import FolderStore
from survey_server.db.media.shelves import FolderShelf, ObjectShelf, Shelf, copy_shelf, read_whole
from survey_server.db.media.stores import open_bucket
from survey_server.db.session import Database
from survey_server.problems import NotThere
from survey_server.web.office.results.report_files import ReportFiles

KEY = "exports/norte/0123456789abcdef/mini-W1-csv.zip"


@pytest.fixture(params=["folder", "objects"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        return FolderShelf(tmp_path / "data")
    return objects(request, tmp_path)


def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectShelf:
    """A shelf of its own in a real S3 server; another one with the same test sees the same."""
    return ObjectShelf(open_bucket(f"{request.getfixturevalue('object_store_url')}/{tmp_path.name}"))


def test_it_keeps_what_was_made_whole_and_nothing_of_what_went_wrong(shelf: Shelf) -> None:
    with shelf.making(KEY) as path:
        path.write_bytes(b"PK" * 1000)
    with pytest.raises(ZeroDivisionError), shelf.making(KEY + "2") as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError
    shelf.write("exports/sur/fedcba9876543210/status.json", b"{}")
    assert shelf.sizes("exports/norte") == {KEY: 2000}
    with shelf.open(KEY) as opened:
        assert (opened.read(3), len(opened.read())) == (b"PKP", 1997)
    shelf.drop("exports/norte/0123456789abcdef")
    assert shelf.sizes("exports/norte") == {}
    assert list(shelf.sizes("exports")) == ["exports/sur/fedcba9876543210/status.json"]


def test_it_lets_two_write_the_same_at_once_as_a_double_click_does(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    contents = [bytes([number]) * 50_000 for number in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            list(pool.map(partial(shelf.write, "reports/norte/1/status.json"), contents))
    assert read_whole(shelf, "reports/norte/1/status.json") in contents
    assert list(shelf.sizes("reports")) == ["reports/norte/1/status.json"]


@pytest.mark.parametrize("key", [KEY, "exports/norte", "exports/../../etc/passwd", "/etc/passwd"])
def test_it_opens_nothing_that_was_never_put_there(shelf: Shelf, key: str) -> None:
    shelf.write("exports/norte/0/status.json", b"{}")
    with pytest.raises(NotThere):
        shelf.open(key)


def test_it_makes_a_report_on_one_server_and_gives_it_out_on_another(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    one, other = (ReportFiles(objects(request, tmp_path), "norte") for _ in range(2))
    asked = one.ask(("W1",), "es", "full", asked_by="person:1", interim=False)
    assert [(report.id, report.state) for report in other.list_all()] == [(asked.id, "making")]

    def make() -> Mapping[str, bytes]:
        return {"b.zip": b"PK", "a.pdf": b"%PDF-1.7"}

    other.make(other.get(asked.id), make)
    found = one.get(asked.id)
    assert (found.state, one.files(found)) == ("ready", [("a.pdf", 8), ("b.zip", 2)])
    assert one.read(found, "a.pdf") == b"%PDF-1.7"
    with pytest.raises(NotThere):
        one.read(found, "status.json")


def test_it_brings_what_lies_in_a_folder_into_the_store_once(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    here, there = FolderShelf(tmp_path), objects(request, tmp_path)
    here.write(KEY, b"PK")
    assert [copy_shelf(here, there, "exports") for _ in range(2)] == [1, 0]
    assert read_whole(there, KEY) == b"PK"


def test_it_backs_up_what_lies_in_the_store(
    request: pytest.FixtureRequest, filled: Database, store: FolderStore, tmp_path: Path
) -> None:
    shelf, file = objects(request, tmp_path), io.BytesIO()
    shelf.write(KEY, b"PK")
    write_backup(file, "cinco palabras que nadie adivina", filled, store, shelf, tmp_path, "s" * 40)
    file.seek(0)
    restore_backup(file, "cinco palabras que nadie adivina", tmp_path / "new")
    assert (tmp_path / "new" / KEY).read_bytes() == b"PK"
