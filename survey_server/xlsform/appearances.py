"""Which appearances the phone shows, and what it shows instead of the others."""

from __future__ import annotations

import re

from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.model import Control

ANY = frozenset(("field-list", "pages", "hidden", "nogroup"))
_LISTS = (
    "minimal autocomplete search quick columns-pack columns no-buttons likert list list-nolabel label table-list"
    " image-map map horizontal horizontal-compact compact quickcompact"
)
_TEXTS = "multiline numbers thousands-sep url masked hidden-answer"
_BY_TYPE = {
    "string": _TEXTS, "barcode": _TEXTS, "int": "numbers thousands-sep counter masked hidden-answer",
    "decimal": "numbers thousands-sep masked hidden-answer", "date": "no-calendar month-year year",
    "dateTime": "no-calendar month-year year", "geopoint": "placement-map maps", "geotrace": "placement-map maps",
    "geoshape": "placement-map maps",
}  # fmt: skip
SELECTS = ("select1", "select")
CALENDARS = frozenset(["ethiopian", "coptic", "islamic", "bikram-sambat", "myanmar", "persian", "buddhist"])
GRID = re.compile(r"w\d+$")
SUPPORTED: dict[str, frozenset[str]] = {
    "select1": frozenset(_LISTS.split()),
    "select": frozenset(_LISTS.split()) - {"quick", "likert", "quickcompact"},
    "rank": frozenset(),
    "range": frozenset(("vertical", "no-ticks", "picker", "rating")),
    "upload": frozenset(("new", "new-front", "draw", "annotate", "signature")),
    "trigger": frozenset(),
    "group": frozenset(("field-list", "table-list", "pages")),
    "repeat": frozenset(("field-list", "table-list", "pages")),
}
_WRITTEN = re.compile(r"[^\s(]+(?:\((?:[^()]|\([^()]*\))*\))?")
COLUMNS = re.compile(r"(columns|compact|quickcompact)-\d+$")
INSTEAD = {
    "input": "a plain field",
    "select1": "a plain list",
    "select": "a plain list",
    "rank": "a list to be ordered",
    "range": "a slider",
    "upload": "a button to take or choose a file",
    "trigger": "a button",
    "group": "its questions one after the other",
    "repeat": "its questions one after the other",
}
CURES = {
    "new-rear": "Write new.",
    "ex": "Other apps can't be opened from a browser.",
    "printer": "Print from the office instead.",
    "bearing": "Ask for the bearing as a number.",
}


def appearances_of(text: str) -> list[str]:
    """The appearances that are written one after the other; a call keeps its brackets."""
    return _WRITTEN.findall(text)


def check_appearance(control: Control, bind_type: str, complaints: Complaints) -> None:
    """Warn of every appearance that the phone doesn't show, saying what it shows instead."""
    known = SUPPORTED.get(control.kind, frozenset())
    if control.kind == "input":
        known = frozenset(_BY_TYPE.get(bind_type, "").split())
    elif control.kind == "upload" and not control.mediatype.startswith("image"):
        known &= {"new", "new-front"}
    for written in control.appearance:
        name, called, _ = written.partition("(")
        if called and name == "search":
            complaints.warn(
                "The choices of search(...) can't be looked up in a browser: the phone shows the rows of the choices"
                " sheet as they are.", "Use select_one_from_file with a choice_filter.",
                ref=control.ref, aspect="appearance", line=control.line,
            )  # fmt: skip
            continue
        if name in known or name in ANY or (control.kind in SELECTS and COLUMNS.match(name)):
            continue
        instead = INSTEAD[control.kind]
        if name in CALENDARS:
            instead = "a Gregorian date"
        elif GRID.match(name):
            instead = "its questions below each other" if control.kind in ("group", "repeat") else "the full width"
        complaints.warn(
            f"The appearance “{name}” isn't supported for this question: the phone shows {instead}.",
            CURES.get(name.partition(":")[0], "Leave it if you also use ODK Collect; remove it otherwise."),
            ref=control.ref, aspect="appearance", line=control.line,
        )  # fmt: skip
