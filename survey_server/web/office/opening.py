"""Planning a wave and opening it: dates, papers, what must be in place, the lock on its headlines."""

from __future__ import annotations

from flask import redirect, request, url_for

from survey_server.db.field.progress import list_forms as list_form_titles
from survey_server.db.field.sites import list_sites, set_wave_sites, stamp_of
from survey_server.db.forms import get_form, list_forms
from survey_server.db.intake.keys import find_key_of_wave
from survey_server.db.models import Form, Wave
from survey_server.db.opening import PAPERS, add_paper, check_opening, edit_wave, list_papers, open_wave
from survey_server.db.session import Session
from survey_server.db.waves import add_wave
from survey_server.problems import BadInput, EditedMeanwhile, NotThere, Problem, UnfitWave, UnknownForm, WaveNotReady
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import day, need_day, text


@page("/p/<code>/waves/new", Right.WAVES)
def new_wave_page(visit: Visit) -> Answer:
    """A form for another wave."""
    return _new(visit)


@page("/p/<code>/waves/new", Right.WAVES, methods=("POST",))
def new_wave(visit: Visit) -> Answer:
    """Plan a wave; it opens later, once all is in place."""
    try:
        if not text("name", 40):
            raise BadInput("A wave needs a name.", why="blank", field="name")
        with visit.database.transaction() as session:
            form = get_form(session, visit.here.id, text("form", 100))
            wave = add_wave(
                session, form, text("name", 40), need_day("starts"), need_day("ends"), actor=visit.login.actor
            )
            if request.form.get("sites") == "all":
                codes = [site.code for site in list_sites(session, visit.here.id) if site.risk_tier != 4]
                set_wave_sites(session, wave, codes, actor=visit.login.actor)
    except (BadInput, UnfitWave, UnknownForm) as problem:
        return _new(visit, problem)
    return redirect(url_for("office.opening_page", code=visit.here.code, wave_id=wave.id), 303)


@page("/p/<code>/waves/<int:wave_id>/opening", Right.WAVES)
def opening_page(visit: Visit, wave_id: int) -> Answer:
    """What is in place and what is missing, the papers, the dates."""
    return _opening(visit, wave_id)


@page("/p/<code>/waves/<int:wave_id>/papers", Right.WAVES, methods=("POST",))
def new_paper(visit: Visit, wave_id: int) -> Answer:
    """Note an approval or a permission."""
    try:
        with visit.database.transaction() as session:
            wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
            kind = request.form.get("kind", "")
            add_paper(session, wave, kind, text("reference"), need_day("dated"), day("until"), actor=visit.login.actor)
    except (BadInput, UnfitWave) as problem:
        return _opening(visit, wave_id, problem)
    return redirect(url_for("office.opening_page", code=visit.here.code, wave_id=wave_id), 303)


@page("/p/<code>/waves/<int:wave_id>/edit", Right.WAVES, methods=("POST",))
def change_wave(visit: Visit, wave_id: int) -> Answer:
    """Another name or other dates."""
    try:
        if not text("name", 40):
            raise BadInput("A wave needs a name.", why="blank", field="name")
        with visit.database.transaction() as session:
            wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
            name, starts, ends = text("name", 40), need_day("starts"), need_day("ends")
            edit_wave(session, wave, name, starts, ends, seen=text("seen"), actor=visit.login.actor)
    except (BadInput, UnfitWave, EditedMeanwhile) as problem:
        return _opening(visit, wave_id, problem)
    return redirect(url_for("office.opening_page", code=visit.here.code, wave_id=wave_id), 303)


@page("/p/<code>/waves/<int:wave_id>/open", Right.WAVES, methods=("POST",))
def open_the_wave(visit: Visit, wave_id: int) -> Answer:
    """Open the wave: once all is in place, or all the same for a reason that is kept."""
    try:
        with visit.database.transaction() as session:
            wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
            open_wave(
                session, wave, seen=text("seen"), reason=text("reason", 500), has_key=has_key, actor=visit.login.actor
            )
    except (WaveNotReady, UnfitWave, EditedMeanwhile) as problem:
        return _opening(visit, wave_id, problem)
    return redirect(url_for("office.wave_page", code=visit.here.code, wave_id=wave_id), 303)


def _new(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        forms = [form for form in list_forms(session, visit.here.id) if form.current_version_id]
        titles = {each.form_id: each.titles for each in list_form_titles(session, visit.here)}
        sites = len(list_sites(session, visit.here.id))
    response = render("wave_new.html", forms=forms, titles=titles, sites=sites, typed=request.form, problem=problem)
    response.status_code = problem.status if problem else 200
    return response


def _opening(visit: Visit, wave_id: int, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
        form = session.get_one(Form, (visit.here.id, wave.form_row))
        titles = {each.form_id: each.titles for each in list_form_titles(session, visit.here)}
        checks = check_opening(session, wave, has_key)
        papers = list_papers(session, wave)
    response = render(
        "opening.html",
        wave=wave,
        title=visit.texts.title(titles.get(form.form_id, {}), form.form_id),
        checks=checks,
        missing=[check for check in checks if check.state == "missing"],
        papers=papers,
        kinds=PAPERS,
        seen=stamp_of(wave.changed_at),
        typed=request.form,
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def has_key(session: Session, wave: Wave) -> bool:
    """Whether phones are told a key to seal this wave's interviews to."""
    return find_key_of_wave(session, wave.programme_id, wave.id) is not None


def _wave(wave: Wave | None) -> Wave:
    if wave is None:
        raise NotThere("This programme has no such wave.")
    return wave
