"""A programme's own outlines for its maps: see them drawn, take a file in, go back to the usual ones."""

from __future__ import annotations

from flask import redirect, request, url_for

from survey_server.db.field.own_outlines import (
    MOST_BYTES,
    Fit,
    Level,
    drop_outlines,
    fit_to_sites,
    list_outline_sets,
    own_outlines,
    read_outline_file,
    set_outlines,
    stamp_of_outlines,
)
from survey_server.db.review.reviewing import names_of
from survey_server.db.session import Session
from survey_server.outlines import draw_outlines
from survey_server.problems import EditedMeanwhile, Problem, UnfitSites, UnreadableTable
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import text


@page("/p/<code>/outlines", Right.SITES)
def outlines_page(visit: Visit) -> Answer:
    """The outlines that there are, and whether they fit the sites."""
    return _outlines(visit)


@page("/p/<code>/outlines", Right.SITES, methods=("POST",))
def upload_outlines(visit: Visit) -> Answer:
    """Take a file of outlines: all of it, or nothing and why."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise UnreadableTable("Choose a file first.", why="none")
        outlines = read_outline_file(file.read(MOST_BYTES + 1))
        with visit.database.transaction() as session:
            set_outlines(session, visit.here.id, outlines, seen=text("seen"), actor=visit.login.actor)
    except (UnreadableTable, UnfitSites, EditedMeanwhile) as problem:
        return _outlines(visit, problem)
    return redirect(url_for("office.outlines_page", code=visit.here.code), 303)


@page("/p/<code>/outlines/<level>/remove", Right.SITES, methods=("POST",))
def remove_outlines(visit: Visit, level: str) -> Answer:
    """Back to the outlines that come with the program."""
    try:
        with visit.database.transaction() as session:
            drop_outlines(session, visit.here.id, level, seen=text("seen"), actor=visit.login.actor)
    except EditedMeanwhile as problem:
        return _outlines(visit, problem)
    return redirect(url_for("office.outlines_page", code=visit.here.code), 303)


def _outlines(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        sets = list_outline_sets(session, visit.here.id)
        own = own_outlines(session, visit.here.id)
        names = names_of(session, [each.added_by for each in sets])
        fits = {level: _fit(session, visit, level) for level in own}
    drawings = {level: draw_outlines(outlines, 420) for level, outlines in own.items()}
    seen = stamp_of_outlines(sets)
    response = render("outlines.html", sets=sets, drawings=drawings, fits=fits, names=names, seen=seen, problem=problem)
    response.status_code = problem.status if problem else 200
    return response


def _fit(session: Session, visit: Visit, level: Level) -> Fit | None:
    """How they fit the sites as these now are; None when no site has their codes any more."""
    try:
        return fit_to_sites(session, visit.here.id, own_outlines(session, visit.here.id)[level])
    except UnfitSites:
        return None
