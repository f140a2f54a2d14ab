"""One submission for reading: its questions in the reader's language, their issues, and what edits changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from survey_server.db.compiled import load_version
from survey_server.db.field.sites import get_site
from survey_server.db.intake.fieldwork import may_take_position
from survey_server.db.models import SubmissionVersion
from survey_server.db.review.listings import Whole
from survey_server.db.session import Session
from survey_server.problems import UnknownSite
from survey_server.xlsform.received.reading import Answer, Part, read_parts

_PLACES = ("geopoint", "geotrace", "geoshape")


@dataclass(frozen=True)
class ReadAnswer:
    """One line of the page."""

    name: str
    label: str
    value: str
    code: str
    issues: tuple[str, ...]
    hidden: bool = False
    """A place that the site's policy keeps from everybody."""


@dataclass(frozen=True)
class ReadPart:
    """The lines under one heading."""

    heading: str
    answers: list[ReadAnswer]


@dataclass(frozen=True)
class Change:
    """One answer that an edit changed."""

    label: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Edit:
    """One version with what it changed in the one before it."""

    version: SubmissionVersion
    changes: tuple[Change, ...]


def may_show_places(session: Session, whole: Whole) -> bool:
    """Whether positions are shown: only of a site that the office knows and whose policy allows them."""
    code = whole.submission.site_code
    try:
        site = get_site(session, whole.submission.programme_id, code) if code else None
    except UnknownSite:
        return False
    return site is not None and may_take_position(site.risk_tier, site.policies or {})


def read_submission(session: Session, whole: Whole, language: str, *, places: bool) -> list[ReadPart]:
    """The submission as it now stands; empty when the server has no form for it."""
    kinds: dict[str, list[str]] = {}
    for issue in whole.issues:
        if issue.resolved_at is None:
            kinds.setdefault(issue.path, []).append(issue.kind)
    hidden = places_of(whole) if not places else frozenset()

    def line(one: Answer) -> ReadAnswer:
        away = bool(one.value) and plain_path(one.path) in hidden
        shown = ("", "") if away else (one.value, one.code)
        return ReadAnswer(one.name, one.label, *shown, tuple(kinds.get(one.path, ())), away)

    current = next(each for each in whole.versions if each.number == whole.submission.number)
    return [
        ReadPart(part.heading, [line(one) for one in part.answers])
        for part in parts_of(session, whole, current.xml, language)
    ]


def read_changes(session: Session, whole: Whole, language: str, *, places: bool) -> list[Edit]:
    """Every edit, the newest first, each with the answers that it changed."""
    edits = [
        Edit(after, tuple(compare(session, whole, before.xml, after.xml, language, places=places)))
        for before, after in pairwise(whole.versions)
    ]
    return edits[::-1]


def compare(
    session: Session, whole: Whole, before: bytes, after: bytes, language: str, *, places: bool
) -> Iterator[Change]:
    """The answers in which two documents of the same form differ, in the order of the form."""
    old, new = (
        {one.path: one for part in parts_of(session, whole, xml, language) for one in part.answers}
        for xml in (before, after)
    )
    hidden = places_of(whole) if not places else frozenset()
    for path in dict.fromkeys((*new, *old)):
        ours, theirs = old.get(path), new.get(path)
        values = tuple((one.value, one.code) if one else ("", "") for one in (ours, theirs))
        if values[0] != values[1]:
            one = theirs or ours
            assert one is not None
            words = ("•••", "•••") if plain_path(path) in hidden else (_words(ours), _words(theirs))
            yield Change(one.label, one.name, *words)


def parts_of(session: Session, whole: Whole, xml: bytes, language: str) -> list[Part]:
    """A document of this submission as a person reads it."""
    if whole.form_version is None:
        return []
    form: dict[str, Any] = json.loads(whole.form_version.phone)
    data = load_version(session, whole.submission.programme_id, whole.form_version.id).form.rows()
    return read_parts(form, xml, language, data)


def plain_path(path: str) -> str:
    """A path without the positions of repeats."""
    return "/".join(step.partition("[")[0] for step in path.split("/"))


def places_of(whole: Whole) -> frozenset[str]:
    """The paths of the questions that ask for a place."""
    if whole.form_version is None:
        return frozenset()
    form: dict[str, Any] = json.loads(whole.form_version.phone)
    return frozenset(bind["ref"] for bind in form["binds"] if bind["type"] in _PLACES)


def _words(one: Answer | None) -> str:
    if one is None or not one.value:
        return ""
    return f"{one.value} ({one.code})" if one.code else one.value
