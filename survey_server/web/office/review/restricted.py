"""Restricted reports: the integrity officer's list; for who runs the programme a count a quarter, and nothing else."""

from __future__ import annotations

from survey_server.db.review.restricted import count_restricted, count_sealed, list_restricted
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right


@page("/p/<code>/restricted", Right.RESTRICTED)
def restricted_page(visit: Visit) -> Answer:
    """The reports that the reader may open, which are none but for the integrity officer, and the counts."""
    with reading(visit) as session:
        reports = list_restricted(session, visit.reader, visit.here.id)
        quarters = count_restricted(session, visit.here.id)
        sealed = count_sealed(session, visit.here.id)
    officer = "integrity-officer" in visit.reader.roles
    if officer:
        visit.note("list-restricted", shown=len(reports))
    return render("restricted.html", reports=reports, quarters=quarters, sealed=sealed, officer=officer)
