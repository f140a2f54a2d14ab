"""Site tables come as text from spreadsheets; what can't be used is named cell by cell."""

from __future__ import annotations

import pytest

from survey_server.db.field.site_rows import read_site_rows
from survey_server.db.field.sites import list_sites, set_sites
from survey_server.db.models import Programme
from survey_server.db.session import Database
from survey_server.problems import UnfitSites


def test_it_reads_numbers_and_blanks_from_text() -> None:
    [row] = read_site_rows(
        [{"code": " A ", "weight": "2.5", "target": "10", "arm": "", "latitude": "-14.5", "note": "x"}]
    )
    assert row == {"code": "A", "weight": 2.5, "target": 10, "arm": None, "latitude": -14.5, "note": "x"}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("population", "abc"),
        ("population", "1,200"),
        ("population", "-1"),
        ("target", "2.5"),
        ("weight", "0"),
        ("weight", "nan"),
        ("probability", "1.2"),
        ("latitude", "91"),
        ("longitude", "inf"),
        ("risk_tier", "5"),
    ],
)
def test_it_names_the_cell_that_is_no_such_number(column: str, value: str) -> None:
    with pytest.raises(UnfitSites, match=f"row 3, column {column}: '{value}'"):
        read_site_rows([{"code": "A"}, {"code": "B", column: value}])


def test_it_names_every_fault_at_once() -> None:
    with pytest.raises(UnfitSites) as found:
        read_site_rows([{"code": ""}, {"code": "A"}, {"code": "A", "weight": "x"}])
    assert found.value.extras["faults"] == 3


def test_it_changes_nothing_when_one_row_is_wrong(database: Database, programme: Programme) -> None:
    with pytest.raises(UnfitSites), database.transaction() as session:
        set_sites(session, programme.id, [{"code": "A"}, {"code": "B", "weight": "two"}], actor="command")
    with database.reading() as session:
        assert list_sites(session, programme.id) == []
