"""The registry as it counts: what the forms' sheets say, under what the office has changed since, each change kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.forms import get_current_version
from survey_server.db.forms import load_registry as load_sheets
from survey_server.db.models import Form, FormVersion, IndicatorRevision, Wave
from survey_server.db.waves import list_waves
from survey_server.problems import EditedMeanwhile, UnfitIndicator
from survey_server.xlsform.registry import Indicator, Registry
from survey_server.xlsform.registry_sheets import MAXIMUM_HEADLINES, read_indicator

Cells = Mapping[str, str]

JUDGED_BY = frozenset(
    ("estimator", "formula", "denominator", "base", "scale", "direction", "minimum_change", "target", "headline")
)
"""The columns that make a verdict: a change of these after data were seen is said in the report."""
LEAST_REASON = 10
_TEXTS = {"formula_text": "formula", "denominator_text": "denominator", "base_text": "base"}
_LISTS = ("breakdowns", "companions")
_YES = ("headline", "sensitive")


@dataclass(frozen=True)
class Registered:
    """One indicator as it counts now, with where it comes from."""

    form: Form
    indicator: Indicator
    from_sheet: bool
    revisions: tuple[IndicatorRevision, ...]
    """The newest first."""

    @property
    def number(self) -> int:
        """How often it was changed: who edits says which state they saw."""
        return self.revisions[0].number if self.revisions else 0


@dataclass(frozen=True)
class LateChange:
    """A headline indicator that was changed after a wave had opened with it."""

    code: str
    wave: str
    columns: tuple[str, ...]
    at: datetime
    reason: str


def load_registry(session: Session, version: FormVersion) -> Registry:
    """The registry of a form version as it counts: the newest revision of each indicator over what its sheets say.

    A revision that the version's questions don't carry leaves what the sheet says.
    """
    sheets = load_sheets(version)
    newest = {code: found[0] for code, found in _revisions(session, version.programme_id, version.form_row).items()}
    if not newest:
        return sheets
    indicators = [_revised(each, newest.get(each.code), sheets) for each in sheets.indicators]
    known = {each.code for each in indicators}
    for code, revision in newest.items():
        if code not in known and revision.content:
            added, _ = read_indicator({**revision.content, "code": code}, sheets.types)
            indicators += [added] if added else []
    return replace(sheets, indicators=tuple(indicators))


def list_indicators(session: Session, form: Form) -> list[Registered]:
    """The indicators of the form's current version as they count now, in the order of the sheet."""
    version = get_current_version(session, form)
    of_sheet = {each.code for each in load_sheets(version).indicators}
    revisions = _revisions(session, form.programme_id, form.id)
    return [
        Registered(form, each, each.code in of_sheet, tuple(revisions.get(each.code, ())))
        for each in load_registry(session, version).indicators
    ]


def edit_indicator(
    session: Session, form: Form, code: str, cells: Cells, *, seen: int, reason: str, actor: str
) -> IndicatorRevision | None:
    """Keep a revision of the indicator; None when nothing differs from what counts now.

    Raises UnfitIndicator with the complaints of the sheet's reader, or where a reason is missing; EditedMeanwhile.
    """
    version = get_current_version(session, form)
    types = load_sheets(version).types
    registered = {each.indicator.code: each for each in list_indicators(session, form)}
    now_counts = registered.get(code)
    if (now_counts.number if now_counts else 0) != seen:
        raise EditedMeanwhile(f"{code} was changed while the page was open.")
    wanted = {**cells, "code": code}
    made, complaints = read_indicator(wanted, types)
    if made is None:
        raise UnfitIndicator("The indicator doesn't fit the form.", complaints=[_said(each) for each in complaints])
    before = cells_of(now_counts.indicator) if now_counts else {}
    changed = changed_columns(before, cells_of(made))
    if not changed:
        return None
    others = [each.indicator for each in registered.values() if each.indicator.code != code]
    if made.headline and sum(each.headline for each in others) >= MAXIMUM_HEADLINES:
        raise UnfitIndicator(f"There are {MAXIMUM_HEADLINES} headline indicators already.", why="headlines")
    after = _seen_in(session, form, code, made) if JUDGED_BY.intersection(changed) else None
    why = " ".join(reason.split())[:500]
    if len(why) < LEAST_REASON:
        raise UnfitIndicator("Say why, in a few words.", why="reason-late" if after else "reason")
    return _keep(session, form, code, _difference(version, code, cells_of(made)), seen + 1, why, after, actor, changed)


def list_late_changes(session: Session, programme_id: int, form_row: int) -> list[LateChange]:
    """What was changed about headline indicators after a wave had opened with them, the oldest first."""
    late = []
    for code, revisions in _revisions(session, programme_id, form_row).items():
        for revision in revisions:
            if revision.after_wave:
                columns = tuple(sorted(JUDGED_BY.intersection(revision.content))) or ("headline",)
                late.append(LateChange(code, revision.after_wave, columns, revision.changed_at, revision.reason))
    return sorted(late, key=lambda each: (each.at, each.code))


def cells_of(indicator: Indicator) -> dict[str, str]:
    """The indicator as cells of the sheet; blank ones are absent."""
    cells = {f"label::{language}": text for language, text in indicator.labels.items()}
    for each in fields(Indicator):
        value, column = getattr(indicator, each.name), _TEXTS.get(each.name, each.name)
        if column == "labels":
            continue
        if column in _LISTS:
            cells[column] = " ".join(value)
        elif column in _YES:
            cells[column] = "yes" if value else ""
        elif isinstance(value, float):
            cells[column] = str(int(value)) if value.is_integer() else repr(value)
        else:
            cells[column] = "" if value is None else str(value)
    return {column: text for column, text in cells.items() if text}


def changed_columns(before: Cells, after: Cells) -> list[str]:
    """The columns in which two indicators differ."""
    return sorted(column for column in before.keys() | after.keys() if before.get(column, "") != after.get(column, ""))


def _difference(version: FormVersion, code: str, cells: Cells) -> dict[str, str]:
    """What differs from the sheet, a cleared cell as a blank; everything where the sheet has no such row."""
    sheet = next((cells_of(each) for each in load_sheets(version).indicators if each.code == code), None)
    if sheet is None:
        return dict(cells)
    return {column: cells.get(column, "") for column in changed_columns(sheet, cells)}


def _revised(indicator: Indicator, revision: IndicatorRevision | None, sheets: Registry) -> Indicator:
    if revision is None or not revision.content:
        return indicator
    made, _ = read_indicator({**cells_of(indicator), **revision.content}, sheets.types)
    return made or indicator


def _seen_in(session: Session, form: Form, code: str, made: Indicator) -> str | None:
    """The newest wave that opened with this among its headlines, or before it became one."""
    found = None
    for wave in list_waves(session, form.programme_id, form):
        lock = wave.plan.get("headlines")
        if wave.state != "planned" and lock and (made.headline or code in _locked(wave)):
            found = wave.name
    return found


def _locked(wave: Wave) -> set[str]:
    return {str(each["code"]) for each in wave.plan["headlines"].get("indicators", ())}


def _keep(
    session: Session,
    form: Form,
    code: str,
    content: dict[str, str],
    number: int,
    reason: str,
    after: str | None,
    actor: str,
    changed: Sequence[str],
) -> IndicatorRevision:
    revision = IndicatorRevision(
        programme_id=form.programme_id,
        form_row=form.id,
        code=code,
        number=number,
        content=content,
        reason=reason,
        after_wave=after,
        changed_by=actor,
    )
    session.add(revision)
    session.flush()
    add_audit(
        session,
        form.programme_id,
        actor,
        "edit-indicator",
        f"{form.form_id}:{code}",
        number=number,
        columns=list(changed),
        after_wave=after or "",
    )
    return revision


def _revisions(session: Session, programme_id: int, form_row: int) -> dict[str, list[IndicatorRevision]]:
    """Code -> its revisions, the newest first."""
    query = select(IndicatorRevision).where(
        IndicatorRevision.programme_id == programme_id, IndicatorRevision.form_row == form_row
    )
    found: dict[str, list[IndicatorRevision]] = {}
    for revision in session.scalars(query.order_by(IndicatorRevision.code, IndicatorRevision.number.desc())):
        found.setdefault(revision.code, []).append(revision)
    return found


def _said(complaint: object) -> dict[str, str]:
    return {name: str(getattr(complaint, name)) for name in ("column", "message", "cure")}
