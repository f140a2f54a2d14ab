"""What leaves in no file and by no API: codes on persons' cards, and positions where the site's policy has none."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.compiled import load_version
from survey_server.db.forms import list_versions
from survey_server.db.intake.fieldwork import may_take_position
from survey_server.db.models import Form, Site
from survey_server.xlsform.filling.plan import column_names
from survey_server.xlsform.received.edited import without_places

WITHDRAWAL = "withdrawal"
"""The design role of the code on a person's card (`db/keeping/withdrawals.py`)."""
_PLACES = ("geopoint", "geotrace", "geoshape")


@dataclass(frozen=True)
class KeptBack:
    """Of one form, over all its versions: columns of answers, and the paths of the same questions."""

    codes: frozenset[str]
    places: frozenset[str]
    code_refs: frozenset[str]
    place_refs: frozenset[str]
    sites: frozenset[str]
    """The sites whose policy lets positions be taken: those of any other are kept from everybody."""

    def from_text(self, answers: str, site: str | None) -> str:
        """Answers as JSON, without what is kept back."""
        part = self._codes if site in self.sites else self._all
        return answers if part is None else part.sub(_cut, answers)

    def from_xml(self, xml: bytes, site: str | None) -> bytes:
        """A document with what is kept back blank; one that holds nothing of it, or was erased, stays as it is."""
        refs = self.code_refs if site in self.sites else self.code_refs | self.place_refs
        return without_places(xml, refs) if refs and xml else xml

    @cached_property
    def _codes(self) -> re.Pattern[str] | None:
        return _named(self.codes)

    @cached_property
    def _all(self) -> re.Pattern[str] | None:
        return _named(self.codes | self.places)


def load_kept_back(session: Session, form: Form) -> KeptBack:
    """What is kept back of a form's submissions."""
    codes, places, code_refs, place_refs = set[str](), set[str](), set[str](), set[str]()
    for version in list_versions(session, form):
        compiled = load_version(session, form.programme_id, version.id)
        cards = {role.field for role in compiled.registry.design if role.role == WITHDRAWAL}
        codes |= cards
        columns = column_names(compiled.form)
        for shape in compiled.form.root.walk():
            column = columns.get(shape.ref)
            if column is None:
                continue
            if column in cards or shape.name in cards:
                codes.add(column)
                code_refs.add(shape.ref)
            elif shape.bind is not None and shape.bind.type in _PLACES:
                places.add(column)
                place_refs.add(shape.ref)
    rows = session.execute(
        select(Site.code, Site.risk_tier, Site.policies).where(Site.programme_id == form.programme_id)
    )
    sites = frozenset(code for code, tier, policies in rows if may_take_position(tier, policies or {}))
    return KeptBack(frozenset(codes), frozenset(places), frozenset(code_refs), frozenset(place_refs), sites)


def _named(names: frozenset[str]) -> re.Pattern[str] | None:
    """Finds these members of an object, one or several in a row, with the commas on both sides."""
    found = "|".join(re.escape(json.dumps(name, ensure_ascii=False)) for name in sorted(names))
    member = rf'(?:{found}):\s*(?:"(?:[^"\\]|\\.)*"|null|-?[0-9.eE+-]+)'
    return re.compile(rf"(?P<open>[{{,])\s*{member}(?:\s*,\s*{member})*\s*(?P<close>[}},])") if names else None


def _cut(found: re.Match[str]) -> str:
    """What stood on both sides, with one comma where there were two."""
    before, after = found["open"], found["close"]
    if before == "{":
        return "{" if after == "," else "{}"
    return "," if after == "," else "}"
