"""What was written as "other" in a wave: the most frequent first, with where it was said and the interviews behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from survey_server.db.access.scopes import keep_visible, may_see_cases
from survey_server.db.analysis.quality_facts import ids_of_instances
from survey_server.db.session import Session
from survey_server.estimation.design import Bools
from survey_server.reports.quality.wave_marks import Marks
from survey_server.reports.quality.wave_others import list_others, rows_with_others
from survey_server.reports.quality.wave_quality_data import QualityView, read_wave_quality
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.results.quality import get_wave
from survey_server.web.office.roles import Right

MOST_ROWS, MOST_LINES, MOST_IDS, MOST_SITES = 10_000, 20, 20, 4


@dataclass(frozen=True)
class Places:
    """Where something was said: some of the sites, how many more there are, and the latest interviews as a list."""

    sites: Sequence[str]
    more: int
    ids: str


@page("/p/<code>/waves/<int:wave_id>/quality/others", Right.CASES)
def others_page(visit: Visit, wave_id: int) -> Answer:
    """Only what interviews say that the reader may open."""
    with reading(visit) as session:
        form, wave = get_wave(session, visit, wave_id)
        visit.need(visit.may(Right.QUALITY) and may_see_cases(session, visit.reader, wave))
        view = read_wave_quality(session, visit.here, form, wave)
        if view is None:
            return render("others.html", wave=wave, told=(), cut=0)
        marks = view.quality.marks
        known = _open_to(session, visit, view, rows_with_others(marks))
    told = list_others(marks, _chosen(marks, known))
    visit.note("list-others", str(wave_id), questions=len(told), shown=len(known))
    cut = MOST_ROWS if int(rows_with_others(marks).sum()) > MOST_ROWS else 0
    return render(
        "others.html", wave=wave, told=told, cut=cut, lines=MOST_LINES, places=lambda rows: _places(marks, known, rows)
    )


def _open_to(session: Session, visit: Visit, view: QualityView, rows: Bools) -> dict[int, int]:
    """The submission of each of these rows, of those that the reader may open; of the latest if there are many."""
    instances = view.quality.marks.frame["_id"]
    latest = {str(instances.iloc[row]): int(row) for row in np.flatnonzero(rows)[-MOST_ROWS:]}
    ids = ids_of_instances(session, view.form, sorted(latest))
    visible = keep_visible(session, visit.reader, visit.here.id, list(ids.values()))
    return {latest[instance]: row_id for instance, row_id in ids.items() if row_id in visible and instance in latest}


def _chosen(marks: Marks, known: Mapping[int, int]) -> Bools:
    chosen = np.zeros(marks.n, dtype=bool)
    chosen[list(known)] = True
    return chosen


def _places(marks: Marks, known: Mapping[int, int], rows: Sequence[int]) -> Places:
    sites = sorted({marks.sites[row] for row in rows if marks.sites[row]})
    ids = ",".join(str(known[row]) for row in rows[-MOST_IDS:])
    return Places(sites[:MOST_SITES], len(sites[MOST_SITES:]), ids)
