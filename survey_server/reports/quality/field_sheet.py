"""The weekly field sheet: for each team its progress, what stands out, whom to visit again, on a page of paper.

Nothing on it tells arms, strata or answers: it is carried around in the field.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from math import ceil, isnan
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from survey_server.estimation.design import Bools
from survey_server.estimation.quality import quantile
from survey_server.reports.coded import Coded
from survey_server.reports.fonts import FACES
from survey_server.reports.quality.wave_checks import Check
from survey_server.reports.quality.wave_quality import Group
from survey_server.reports.quality.wave_quality_data import QualityView
from survey_server.reports.questionnaire import text_in

_ANSWERS, _PLACE, _TIME = (
    ("fast", "straight", "alike", "same_case", "other_person", "missing"),
    ("far", "same_point", "leap"),
    ("overlap", "hours", "clock"),
)
REVIEWED = (*_ANSWERS, *_PLACE, *_TIME)
"""The checks whose interviews a supervisor goes through with the interviewer."""

MOST_CASES, MOST_SITES, MOST_DRAWN = 12, 24, 6
_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class SiteLine:
    """A site of the team."""

    code: str
    name: str
    received: int
    week: int
    target: int | None


@dataclass(frozen=True)
class PersonLine:
    """An interviewer of the team."""

    code: str
    week: int
    total: int
    minutes: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class CaseLine:
    """An interview to go through, and why."""

    case: str
    day: date | None
    interviewer: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class PhoneLine:
    """A phone of the team."""

    label: str
    interviewer: str
    seen_at: datetime | None
    queue: int | None
    wrong_clock: bool


@dataclass(frozen=True)
class FieldSheet:
    """One team's week in one wave."""

    team: str
    team_name: str
    form: str
    wave: str
    since: date
    until: date
    week: int
    total: int
    target: int
    sites_done: int
    sites_all: int
    sites: tuple[SiteLine, ...]
    people: tuple[PersonLine, ...]
    cases: tuple[CaseLine, ...]
    more_cases: int
    drawn: tuple[tuple[str, str], ...]
    """Interviews to visit again this week, drawn by lot: case and interviewer."""
    phones: tuple[PhoneLine, ...]
    warnings: tuple[Check, ...]


def build_sheets(view: QualityView, until: date, language: str) -> list[FieldSheet]:
    """A sheet for every team that has worked or was sent somewhere; one for everybody where there are no teams."""
    teams = {team for team in view.quality.marks.teams.tolist() if team} | set(view.field.team_of_site.values())
    return [_build(view, team, until, language) for team in sorted(teams) or [""]]


def _build(view: QualityView, team: str, until: date, language: str) -> FieldSheet:
    marks = view.quality.marks
    mine: Bools = marks.teams == team if team else np.ones(marks.n, dtype=bool)
    days = pd.to_datetime(marks.frame["_collected_on"]).dt.date.to_numpy()
    since = until - timedelta(days=6)
    week: Bools = mine & np.array([isinstance(day, date) and since <= day <= until for day in days], dtype=bool)
    sites = _sites(view, team, mine, week)
    cases = _cases(view, week, days)
    groups = [g for g in view.quality.people if (g.team == team if team else True)]
    return FieldSheet(
        team=team,
        team_name=view.field.team_names.get(team, ""),
        form=_own_half(text_in(view.title, language), view.title, language),
        wave=view.wave.name,
        since=since,
        until=until,
        week=int(week.sum()),
        total=int(mine.sum()),
        target=sum(site.target or 0 for site in sites),
        sites_done=sum(site.received >= (site.target or 1) for site in sites),
        sites_all=len(sites),
        sites=tuple(sites[:MOST_SITES]),
        people=tuple(_person(view, group, week) for group in groups),
        cases=tuple(cases[:MOST_CASES]),
        more_cases=max(len(cases) - MOST_CASES, 0),
        drawn=tuple(_draw(view, team, until, week)),
        phones=tuple(_phones(view, team)),
        warnings=tuple(check for check in view.checks if check.state == "bad"),
    )


def _sites(view: QualityView, team: str, mine: Bools, week: Bools) -> list[SiteLine]:
    """The sites that the team was sent to, and where it has been; those with least done first."""
    marks, frame = view.quality.marks, view.quality.marks.frame
    names = Coded.of(frame, "site.name").texts
    targets = frame["site.target"].to_numpy(dtype=float) if "site.target" in frame else np.full(marks.n, np.nan)
    sent = [code for code, its in view.field.team_of_site.items() if its == team]
    been = [code for code in dict.fromkeys(marks.sites[mine].tolist()) if code]
    lines = []
    for code in dict.fromkeys([*sent, *been]):
        rows: Bools = marks.sites == code
        first = int(np.argmax(rows)) if rows.any() else -1
        target = None if first < 0 or isnan(targets[first]) else int(targets[first])
        name = (names[first] or "") if first >= 0 else ""
        lines.append(SiteLine(code, name, int((rows & mine).sum()), int((rows & week).sum()), target))
    return sorted(lines, key=lambda line: (line.received >= (line.target or 1), -line.week, line.code))


def _person(view: QualityView, group: Group, week: Bools) -> PersonLine:
    rows: Bools = (view.quality.marks.interviewers == group.code) & week
    minutes = quantile(view.quality.marks.minutes[rows], 0.5)
    return PersonLine(group.code, int(rows.sum()), group.interviews, minutes, group.flags)


def _cases(view: QualityView, week: Bools, days: Any) -> list[CaseLine]:
    """The week's interviews that some check marks, those with most marks first."""
    marks = view.quality.marks
    reasons = {name: marks.by_check[name] & week for name in REVIEWED}
    rows = np.flatnonzero(np.any(list(reasons.values()), axis=0))
    codes = _case_codes(view)
    found = [
        CaseLine(
            codes[row],
            days[row] if isinstance(days[row], date) else None,
            marks.interviewers[row] or "",
            tuple(name for name, marked in reasons.items() if marked[row]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda line: (-len(line.reasons), line.interviewer, line.case))


def _draw(view: QualityView, team: str, until: date, week: Bools) -> list[tuple[str, str]]:
    """A tenth of the week's interviews for back-checks, by a lot that anybody can repeat; none checked already."""
    if view.quality.back is None:
        return []
    codes, marks = _case_codes(view), view.quality.marks
    checked = set(view.quality.back.rows["row"].tolist())
    open_rows = [int(row) for row in np.flatnonzero(week) if int(row) not in checked and codes[row]]
    count = min(ceil(view.quality.limits.checked * int(week.sum())), len(open_rows), MOST_DRAWN)
    lot = Random(f"{view.wave.id}:{team}:{until.isoformat()}")  # noqa: S311 - a lot to be repeated, not a secret
    return sorted((codes[row], marks.interviewers[row] or "") for row in lot.sample(open_rows, count))


def _phones(view: QualityView, team: str) -> list[PhoneLine]:
    people = {group.code for group in view.quality.people}
    limit = 60 * view.quality.limits.clock_minutes
    mine = [p for p in view.field.phones if (p.team == team if team else p.interviewer in people)]
    return [
        PhoneLine(p.label, p.interviewer, p.seen_at, p.queue, wrong_clock=abs(p.clock_offset or 0.0) > limit)
        for p in mine
    ]


def _case_codes(view: QualityView) -> list[str]:
    column = view.quality.sample.role("case_id")
    texts = Coded.of(view.quality.marks.frame, column).texts.tolist() if column else []
    return [text or "" for text in texts] or [""] * view.quality.marks.n


def _own_half(title: str, titles: Mapping[str, str], language: str) -> str:
    """A title in all languages at once, "Encuesta / Survey": the half of this one."""
    halves, languages = title.split(" / "), list(titles)
    if len(halves) != len(languages) or len(halves) < 2:
        return title
    return next((half for half, name in zip(halves, languages, strict=True) if f"({language})" in name), halves[0])


def render_field_sheet(sheets: Sequence[FieldSheet], programme: str, demo: bool, language: str) -> bytes:
    """The sheets as one PDF, tagged, each team on a page of its own."""
    environment = Environment(
        loader=FileSystemLoader(_PACKAGE / "templates" / "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = _texts(language)
    html = environment.get_template("field_sheet.html.j2").render(
        sheets=sheets, programme=programme, demo=demo, language=language, t=texts, day=_Days(texts)
    )
    fonts = FontConfiguration()
    faces = "".join(
        f"@font-face {{ font-family: '{face.family}'; font-weight: {face.weight}; font-style: {face.style};"
        f" src: url('{face.path.as_uri()}'); }}\n"
        for face in FACES
    )
    style = CSS(string=faces + (_PACKAGE / "reports/style/field_sheet.css").read_text("utf-8"), font_config=fonts)
    pdf: bytes = HTML(string=html).write_pdf(stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1")
    return pdf


class _Days:
    """Days and instants in words."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.months = texts["sheet.months"].split()

    def __call__(self, value: date | None) -> str:
        return "–" if value is None else f"{value.day} {self.months[value.month - 1]}"


@cache
def _texts(language: str) -> Mapping[str, str]:
    """The words of the quality page and of the sheet, by dotted key; Spanish where there are no others."""
    found: dict[str, str] = {}

    def walk(table: Mapping[str, Any], prefix: str) -> None:
        for key, value in table.items():
            if isinstance(value.get("es"), str):
                found[prefix + key] = value.get(language, value["es"])
            else:
                walk(value, f"{prefix}{key}.")

    for name in ("office_quality", "field_sheet"):
        walk(tomllib.loads((_PACKAGE / "texts" / f"{name}.toml").read_text("utf-8")), "")
    return found
