"""The cases of a wave whose forms don't fit together: for those who may read its single submissions."""

from __future__ import annotations

from survey_server.db.access.scopes import keep_visible, may_see_cases
from survey_server.db.field.links import KINDS, check_links, open_links
from survey_server.db.models import Wave
from survey_server.problems import NotThere
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right


@page("/p/<code>/waves/<int:wave_id>/links", Right.CASES)
def links_page(visit: Visit, wave_id: int) -> Answer:
    """Visits without their interview, interviews without a visit, cases twice, back-checks of nothing."""
    with reading(visit) as session:
        wave = session.get(Wave, (visit.here.id, wave_id))
        if wave is None:
            raise NotThere(f"This programme has no wave {wave_id}.")
        visit.need(may_see_cases(session, visit.reader, wave))
        found = check_links(session, wave)
        ids = open_links(session, wave, found)
        visible = keep_visible(session, visit.reader, visit.here.id, list(ids.values()))
    broken = [each for each in found if all(ids.get(instance) in visible for instance in each.instances)]
    visit.note("list-links", str(wave_id), shown=len(broken))
    by_kind = {kind: [each for each in broken if each.kind == kind] for kind in KINDS}
    return render("links.html", wave=wave, by_kind=by_kind, number=len(broken), ids=ids)
