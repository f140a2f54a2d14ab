"""Which appearances the phone shows, and what it shows instead of the others."""

from __future__ import annotations

import re

from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.model import Control

ANY = frozenset(("field-list", "pages", "minimal", "maps", "placement-map", "hidden-answer", "nogroup"))
_LISTS = (
    "minimal autocomplete search quick columns-pack columns no-buttons likert list list-nolabel label table-list"
    " image-map map horizontal horizontal-compact compact quickcompact"
)
_FIELDS = (
    "multiline numbers thousands-sep url masked counter no-calendar month-year year placement-map maps picker signature"
    " draw annotate new new-front"
)
SUPPORTED: dict[str, frozenset[str]] = {
    "input": frozenset(_FIELDS.split()),
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
COLUMNS = re.compile(r"(columns|compact|quickcompact)-\d+$|w\d+$")
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
    for written in control.appearance:
        name, called, _ = written.partition("(")
        if called and name == "search":
            complaints.warn(
                "The choices of search(...) can't be looked up in a browser: the phone shows the rows of the choices"
                " sheet as they are.", "Use select_one_from_file with a choice_filter.",
                ref=control.ref, aspect="appearance", line=control.line,
            )  # fmt: skip
            continue
        if name in known or name in ANY or COLUMNS.match(name):
            continue
        complaints.warn(
            f"The appearance “{name}” isn't supported for this question: the phone shows {INSTEAD[control.kind]}.",
            CURES.get(name.partition(":")[0], "Leave it if you also use ODK Collect; remove it otherwise."),
            ref=control.ref, aspect="appearance", line=control.line,
        )  # fmt: skip
