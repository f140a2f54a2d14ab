"""The report's maps are drawn by the programme's own outlines where it has any; its JSON stays as small as without."""

from __future__ import annotations

from survey_server.outlines import Outline, outlines_of
from survey_server.reports.catalogue import get_catalogue
from survey_server.reports.charts.map import draw_map
from survey_server.reports.document import _plain
from survey_server.reports.value import Cell, Chart, Column, Row, Table

RING = ((-90.0, 16.0), (-89.0, 16.0), (-89.0, 17.0), (-90.0, 16.0))
OWN = tuple(Outline(code, code, (RING,)) for code in ("Z1", "Z2"))


def test_it_draws_the_departments_of_the_programmes_own_outlines() -> None:
    rows = tuple(Row(f"site.department={code}", code, (Cell(value),)) for code, value in (("Z1", 20.0), ("Z2", 40.0)))
    table = Table("t", "", (Column("S1.after", "Seguridad"),), rows)
    catalogue = get_catalogue("es")
    assert outlines_of(["Z1"]) == ()
    chart = Chart("map", "map", table, "Mapa", outlines=OWN)
    assert draw_map(chart, catalogue).count("<path") == len(OWN) + 1  # the last one hatches
    assert _plain(chart, catalogue) == _plain(Chart("map", "map", table, "Mapa"), catalogue)
