"""Incidents counted by place, kind and time: a page, and the same numbers as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from flask import Response, request

from survey_server.db.analysis.incidents import FORM, Incidents, read_incidents
from survey_server.db.forms import get_current_version, get_form
from survey_server.estimation.incident_counts import DIMENSIONS, count_incidents, counts_grave
from survey_server.estimation.incidents import GROUPS
from survey_server.estimation.told_places import JOINED
from survey_server.problems import BadEstimate, BadRequest, NotThere, TooManyCategories
from survey_server.reports.questionnaire import Questionnaire, questionnaire_of, text_in
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right

BY = ("month", "type")
SHOWN = 500
NUMBERS = ("n", "median", "within")


@dataclass(frozen=True)
class Asked:
    """What somebody asks: by which dimensions, and for which values of others."""

    by: tuple[str, ...]
    where: Mapping[str, str]


@page("/p/<code>/cube", Right.REPORTS)
def cube_page(visit: Visit) -> Answer:
    """Incidents by place, kind and time; of grave kinds in a place only what gives nobody away."""
    incidents, asked, wrong = _read(visit), _asked(), ""
    cells = pd.DataFrame()
    if incidents is not None:
        try:
            cells = count_incidents(incidents.frame, asked.by, asked.where)
        except (BadEstimate, TooManyCategories) as problem:
            wrong = problem.detail
    response = render(
        "cube.html",
        fresh=incidents.fresh if incidents else None,
        asked=asked,
        dimensions=DIMENSIONS,
        rows=list(_rows(cells.head(SHOWN), asked)),
        left=max(len(cells) - SHOWN, 0),
        query=request.query_string.decode(),
        labels=_labels(visit, incidents) if incidents else {},
        values=_values(incidents) if incidents else {},
        wrong=wrong,
        counts_grave=counts_grave(asked.by, asked.where),
    )
    response.status_code = 422 if wrong else 200
    return response


@page("/p/<code>/cube.json", Right.REPORTS)
def cube_json(visit: Visit) -> Answer:
    """The same counts as JSON: `by` and filters in the address, rows in the order of the dimensions."""
    incidents, asked = _get(visit), _asked()
    rows = list(_rows(_count(incidents, asked), asked))
    visit.note("read-cube", ",".join(asked.by), rows=len(rows), **asked.where)
    document = {
        "programme": visit.here.code,
        "fresh": incidents.fresh.isoformat() if incidents.fresh else None,
        "by": asked.by,
        "where": asked.where,
        "grave": counts_grave(asked.by, asked.where),
        "rows": rows,
    }
    return Response(json.dumps(document, ensure_ascii=False), mimetype="application/json")


@page("/p/<code>/cube.csv", Right.REPORTS)
def cube_csv(visit: Visit) -> Answer:
    """The same counts as CSV."""
    incidents, asked = _get(visit), _asked()
    rows = list(_rows(_count(incidents, asked), asked))
    visit.note("read-cube", ",".join(asked.by), rows=len(rows), **asked.where)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*asked.by, *NUMBERS, "flag"])
    writer.writeheader()
    writer.writerows(rows)
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="cube_{visit.here.code}.csv"'
    return answer


def _asked() -> Asked:
    """The question in the address: ?by=month&by=type&area=GT17."""
    named = [name for part in request.args.getlist("by") for name in part.split(",") if name]
    where = {name: request.args[name] for name in DIMENSIONS if request.args.get(name)}
    return Asked(tuple(dict.fromkeys(named)) or BY, where)


def _read(visit: Visit) -> Incidents | None:
    with reading(visit) as session:
        return read_incidents(session, visit.here)


def _get(visit: Visit) -> Incidents:
    incidents = _read(visit)
    if incidents is None:
        raise NotThere("This programme has no register of incidents.")
    return incidents


def _count(incidents: Incidents, asked: Asked) -> pd.DataFrame:
    try:
        return count_incidents(incidents.frame, asked.by, asked.where)
    except (BadEstimate, TooManyCategories) as problem:
        raise BadRequest(problem.detail) from problem


def _rows(cells: pd.DataFrame, asked: Asked) -> Iterator[dict[str, Any]]:
    """Each cell as plain values; what is unknown is None."""
    columns = [name for name in (*asked.by, *NUMBERS, "flag") if name in cells.columns]
    for values in zip(*(cells[name].tolist() for name in columns), strict=True):
        yield {name: _plain(name, value) for name, value in zip(columns, values, strict=True)}


def _plain(name: str, value: Any) -> Any:
    if pd.isna(value):
        return None
    return round(value, 1) if name in ("median", "within") else value


def _labels(visit: Visit, incidents: Incidents) -> Mapping[str, Mapping[str, str]]:
    """The words for codes of kinds and places, as the form has them in the reader's language."""
    with reading(visit) as session:
        version = get_current_version(session, get_form(session, visit.here.id, FORM))
        questionnaire = questionnaire_of(json.loads(version.phone))
    kinds, departments = (_choices(questionnaire, name, visit.texts.language) for name in ("ictype", "adm1"))
    groups = {name: visit.texts.find(f"cube.group.{name}", name) for name in (*GROUPS, "other")}
    bands = {str(band): f"{6 * band}–{6 * band + 5} h" for band in range(4)}
    days = {str(day): visit.texts.find(f"cube.day.{day}", str(day)) for day in range(7)}
    together = {JOINED: visit.texts("cube.joined")}
    places = [str(place) for place in incidents.frame["told.area"].dropna().unique() if str(place).endswith(JOINED)]
    joined = {place: visit.texts("cube.joined_of", place=_parent(place, departments)) for place in places}
    return {
        "department": {**departments, **together},
        "area": {**joined, **together},
        "grid": together,
        "type": kinds,
        "group": groups,
        "band": bands,
        "weekday": days,
    }


def _choices(questionnaire: Questionnaire, name: str, language: str) -> dict[str, str]:
    """The words of a question's choices; none where the form hasn't got it."""
    item = questionnaire.by_name.get(name)
    return {choice.code: text_in(choice.labels, language) for choice in item.choices} if item else {}


def _parent(place: str, departments: Mapping[str, str]) -> str:
    """The department of several municipalities that are told together."""
    code = place.removesuffix(JOINED).strip()
    return departments.get(code, code)


def _values(incidents: Incidents) -> Mapping[str, list[str]]:
    """What there is to filter by, where it is few enough for a list."""
    found = {}
    for name in ("department", "area", "unit", "type", "group", "half", "month"):
        distinct = sorted({str(value) for value in incidents.frame[name].dropna().unique()})
        if 1 < len(distinct) <= 400:
            found[name] = distinct
    return found
