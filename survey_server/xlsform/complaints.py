"""A form that can't be published: every complaint at once, each with its place and its cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from survey_server.problems import Problem
from survey_server.xlsform.sheets import Complaint

XFORM = "xform"
COLUMNS = {
    "calculate": "calculation",
    "readonly": "read_only",
    "required": "required",
    "relevant": "relevant",
    "constraint": "constraint",
    "count": "repeat_count",
    "itemset": "choice_filter",
    "constraint_message": "constraint_message",
    "required_message": "required_message",
}


class FormProblem(Problem):
    """A form can't be used as it is. Each complaint names sheet, row, column and cure; correct them and try again."""

    status = 422
    title = "The form has faults"

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)), complaints=[asdict(c) for c in complaints])
        self.complaints = list(complaints)


class Complaints:
    """Collects faults and warnings while a form is compiled; knows the sheet rows of an XLSForm's questions."""

    def __init__(self, places: Mapping[str, int] | None = None) -> None:
        self.places = places or {}
        self.faults: list[Complaint] = []
        self.warnings: list[Complaint] = []

    def place(self, ref: str, aspect: str, line: int) -> tuple[str, int, str]:
        """Sheet, row and column of an aspect of a question; line of the XForm if there is no sheet."""
        row = self.places.get(ref)
        if row is not None:
            return "survey", row, COLUMNS.get(aspect, aspect)
        return XFORM, line, f"{ref} {aspect}".strip()

    def refuse(self, message: str, cure: str, *, ref: str = "", aspect: str = "", line: int = 0) -> None:
        """Note a fault: the form won't be published."""
        fault = Complaint(*self.place(ref, aspect, line), message, cure)
        if fault not in self.faults:
            self.faults.append(fault)

    def warn(self, message: str, cure: str, *, ref: str = "", aspect: str = "", line: int = 0) -> None:
        """Note a warning: the form is published, the author is told."""
        warning = Complaint(*self.place(ref, aspect, line), message, cure)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def check(self) -> None:
        """Raise what was found."""
        if self.faults:
            raise FormProblem(self.faults)
