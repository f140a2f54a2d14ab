"""The registry of indicators: what is followed, how it is computed, what change matters; every state is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for

from survey_server.db.analysis.indicators import (
    LateChange,
    Registered,
    cells_of,
    edit_indicator,
    list_indicators,
    list_late_changes,
)
from survey_server.db.forms import get_current_version, list_forms
from survey_server.db.media.shelves import open_shelf
from survey_server.db.models import Form, IndicatorRevision
from survey_server.db.session import Session
from survey_server.problems import EditedMeanwhile, NotThere, Problem, UnfitIndicator, UnknownForm
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.results.report_files import ReportFiles
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import need_whole
from survey_server.xlsform.registry_sheets import DIRECTIONS, ESTIMATORS, FAMILIES, INDICATOR_COLUMNS, LEVELS

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,15}")
LABELS = ("label::Español (es)", "label::English (en)", "label::Français (fr)")
CHOICES = {"level": LEVELS, "estimator": ESTIMATORS, "direction": DIRECTIONS, "family": FAMILIES}
LONG = ("formula", "denominator", "base", "note")
TICKS = ("headline", "sensitive")
GROUPS = (
    ("what", (*LABELS, "level", "family", "headline", "sensitive")),
    ("how", ("estimator", "formula", "denominator", "base", "scale", "unit")),
    ("good", ("direction", "minimum_change", "baseline", "baseline_date", "target", "target_date")),
    ("who", ("owner", "frequency", "breakdowns", "companions", "note")),
)
LONGEST = 2000


@dataclass(frozen=True)
class OfForm:
    """The indicators of one form."""

    form: Form
    title: str
    indicators: list[Registered]
    late: list[LateChange]


@page("/p/<code>/indicators", Right.INDICATORS)
def indicators_page(visit: Visit) -> Answer:
    """Every indicator of the programme, form by form."""
    return render("indicators.html", forms=_forms(visit))


@page("/p/<code>/results-framework", Right.INDICATORS)
def framework_page(visit: Visit) -> Answer:
    """The results framework: level, indicator, baseline, target, last printed value, who answers for it."""
    forms = _forms(visit)
    lines = [
        (level, of_form, each)
        for level in LEVELS
        if level != "context"
        for of_form in forms
        for each in of_form.indicators
        if each.indicator.level == level
    ]
    printed, report = _printed(visit)
    return render("framework.html", lines=lines, printed=printed, report=report)


@page("/p/<code>/indicators/<int:form_row>/new", Right.EDIT_INDICATORS)
def new_indicator_page(visit: Visit, form_row: int) -> Answer:
    """A blank indicator of a form."""
    return _indicator(visit, form_row, "")


@page("/p/<code>/indicators/<int:form_row>/new", Right.EDIT_INDICATORS, methods=("POST",))
def new_indicator(visit: Visit, form_row: int) -> Answer:
    """Another indicator that no sheet has."""
    return _save(visit, form_row, "")


@page("/p/<code>/indicators/<int:form_row>/<indicator>", Right.INDICATORS)
def indicator_page(visit: Visit, form_row: int, indicator: str) -> Answer:
    """One indicator with its history; a form to change it for who may."""
    return _indicator(visit, form_row, indicator)


@page("/p/<code>/indicators/<int:form_row>/<indicator>", Right.EDIT_INDICATORS, methods=("POST",))
def change_indicator(visit: Visit, form_row: int, indicator: str) -> Answer:
    """Keep a revision of it, with the reason; the next report is computed by it."""
    return _save(visit, form_row, indicator)


def _save(visit: Visit, form_row: int, indicator: str) -> Answer:
    cells = {name: _cell(name) for name in _columns()}
    code = indicator or request.form.get("code", "").strip()
    try:
        if not _CODE.fullmatch(code):
            raise UnfitIndicator("A code begins with a letter and has letters and digits.", why="code")
        with visit.database.transaction() as session:
            form = _form(session, visit, form_row)
            if not indicator and any(each.indicator.code == code for each in list_indicators(session, form)):
                raise UnfitIndicator(f"There is an indicator {code} already.", why="taken")
            reason, seen = request.form.get("reason", ""), need_whole("seen", 0)
            edit_indicator(session, form, code, cells, seen=seen, reason=reason, actor=visit.login.actor)
    except (UnfitIndicator, EditedMeanwhile) as problem:
        return _indicator(visit, form_row, indicator, problem, {**cells, "code": code})
    return redirect(
        url_for("office.indicator_page", code=visit.here.code, form_row=form_row, indicator=code, saved="yes"), 303
    )


def _indicator(
    visit: Visit, form_row: int, code: str, problem: Problem | None = None, typed: dict[str, str] | None = None
) -> Answer:
    with reading(visit) as session:
        form = _form(session, visit, form_row)
        found = next((each for each in list_indicators(session, form) if each.indicator.code == code), None)
        late = [each for each in list_late_changes(session, visit.here.id, form.id) if each.code == code]
        title = visit.texts.title(get_current_version(session, form).titles, form.form_id)
    if code and found is None:
        raise NotThere(f"There is no indicator {code}.")
    response = render(
        "indicator.html",
        form=form,
        title=title,
        found=found,
        cells=typed or (cells_of(found.indicator) if found else {}),
        code=code,
        groups=[(name, [column for column in columns if column in _columns()]) for name, columns in GROUPS],
        choices=CHOICES,
        long=LONG,
        ticks=TICKS,
        history=_history(found.revisions) if found else [],
        late=late,
        problem=problem,
        complaints=problem.extras.get("complaints", []) if problem else [],
        saved=request.args.get("saved") == "yes",
    )
    response.status_code = problem.status if problem else 200
    return response


def _history(revisions: tuple[IndicatorRevision, ...]) -> list[tuple[IndicatorRevision, list[tuple[str, str, str]]]]:
    """Each revision with (column, before, after) against the one before it; "" before the first is the sheet's."""
    lines = []
    for place, revision in enumerate(revisions):
        before: dict[str, Any] = revisions[place + 1].content if place + 1 < len(revisions) else {}
        columns = sorted(before.keys() | revision.content.keys())
        changes = [
            (column, str(before.get(column, "")), str(revision.content.get(column, "")))
            for column in columns
            if before.get(column) != revision.content.get(column)
        ]
        lines.append((revision, changes))
    return lines


def _forms(visit: Visit) -> list[OfForm]:
    found = []
    with reading(visit) as session:
        for form in list_forms(session, visit.here.id):
            try:
                indicators = list_indicators(session, form)
                titles = get_current_version(session, form).titles
            except UnknownForm:
                continue  # a form that nobody has published yet
            late = list_late_changes(session, visit.here.id, form.id)
            found.append(OfForm(form, visit.texts.title(titles, form.form_id), indicators, late))
    return found


def _form(session: Session, visit: Visit, form_row: int) -> Form:
    form = session.get(Form, (visit.here.id, form_row))
    if form is None or form.current_version_id is None:
        raise NotThere(f"This programme has no form {form_row}.")
    return form


def _columns() -> tuple[str, ...]:
    return tuple(column for column in (*LABELS, *INDICATOR_COLUMNS) if column != "code")


def _cell(name: str) -> str:
    typed = request.form.get(name, "")
    return "yes" if name in TICKS and typed else " ".join(typed.split())[:LONGEST]


def _printed(visit: Visit) -> tuple[dict[str, str], str]:
    """The values of the results framework in the newest full report of locked waves, by indicator; and that report."""
    kept = ReportFiles(open_shelf(visit.config), visit.here.code)
    for report in kept.list_all():
        if report.state != "ready" or report.interim or report.edition != "full":
            continue
        name = next((name for name, _ in kept.files(report) if name.endswith(".json")), None)
        if name:
            document = json.loads(kept.read(report, name))
            return _values(document, visit.texts.number), report.id
    return {}, ""


def _values(document: dict[str, Any], number: Callable[[float], str]) -> dict[str, str]:
    """Indicator code -> what stands in the column of the actual value."""
    values: dict[str, str] = {}
    for part in (each for each in document.get("pages", ()) if each.get("id") == "results"):
        for table in (block for block in part.get("blocks", ()) if block.get("type") == "table"):
            keys = [column.get("key") for column in table.get("columns", ())]
            place = next((keys.index(key) for key in ("after", "actual", "now") if key in keys), None)
            for row in table.get("rows", ()):
                cells = row.get("cells", ())
                if place is not None and place < len(cells) and cells[place].get("value") is not None:
                    values[str(row.get("key", "")).rpartition(".")[2]] = number(round(cells[place]["value"], 1))
    return values
