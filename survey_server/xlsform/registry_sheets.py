"""Read the `design`, `indicators` and `codes` sheets into a Registry; a complaint for every cell that can't be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.expressions.expression import ExpressionProblem
from survey_server.xlsform.formula_check import check_formula
from survey_server.xlsform.registry import (
    SITE_COLUMNS,
    SITE_PREFIX,
    DesignRole,
    Indicator,
    Labels,
    Registry,
    names_used,
    parse_formula,
)
from survey_server.xlsform.sheets import Complaint, SheetRow

SHEETS = ("design", "indicators", "codes")
ROLES = (
    *("psu", "stratum", "weight", "arm", "site", "department", "interviewer", "case_id", "consent", "outcome", "gps"),
    *("occasion", "collected", "mode", "pair", "observer", "visit_ordinal", "minutes", "reacted", "seen", "officer"),
    *("duration_start", "duration_end", "revision", "privacy", "withdrawal"),
)
SOURCES = ("question", "site")
LEVELS = ("output", "behaviour", "outcome", "context")
ESTIMATORS = ("share", "mean", "median", "ratio", "total", "contrast")
DIRECTIONS = ("up", "down", "context", "target")
FAMILIES = ("headline", "secondary", "context")
MAXIMUM_HEADLINES = 12

DESIGN_COLUMNS = ("role", "source", "field", "note")
INDICATOR_COLUMNS = (
    *("code", "level", "estimator", "formula", "denominator", "base", "scale", "unit", "direction", "minimum_change"),
    *("headline", "family", "breakdowns", "companions", "sensitive", "target", "note"),
    *("owner", "frequency", "baseline", "baseline_date", "target_date"),
)
CODE_COLUMNS = ("name", "code")

# The sets of breakdowns that a whole family of indicators shares; a name that the form lacks is left out of its set.
BREAKDOWN_SETS: Mapping[str, tuple[str, ...]] = {
    "D1": ("country", "site.department", "site.stratum", "area", "border_psu", "sex", "age_grp", "site.arm"),
    "D2": (
        *("country", "site.department", "site.stratum", "area", "border_psu", "sex", "age_grp", "site.arm"),
        *("ethnic", "edu", "had_contact", "cross_freq"),
    ),
    "D3": ("country", "site.department", "post", "post_type", "obs_mode", "light", "enc_type", "site.arm"),
    "D4": ("country", "adm1", "unit", "unit_type", "area_type", "cmt_type"),
}


def read_registry(extra: Mapping[str, Sequence[SheetRow]], types: Mapping[str, str]) -> Registry:
    """The registry that the extra sheets hold; raises FormProblem with every complaint.

    `types` is the kind of every question that has a column (`question_types`).
    """
    reader = _Reader(dict(types))
    registry = Registry(
        design=tuple(filter(None, map(reader.role, extra.get("design", ())))),
        indicators=tuple(filter(None, map(reader.indicator, extra.get("indicators", ())))),
        codes=reader.codes(extra.get("codes", ())),
        types=dict(types),
    )
    reader.check_together(registry, extra.get("indicators", ()))
    if reader.complaints:
        raise FormProblem(reader.complaints)
    return registry


def read_indicator(cells: Mapping[str, str], types: Mapping[str, str]) -> tuple[Indicator | None, list[Complaint]]:
    """One indicator as the office types it, cell by cell as on the sheet; None with complaints where it doesn't fit."""
    reader, row = _Reader(dict(types)), SheetRow(0, {column: text for column, text in cells.items() if text.strip()})
    found = reader.indicator(row)
    reader.check_together(Registry(), [row])
    return (None if reader.complaints else found), reader.complaints


@dataclass
class _Reader:
    types: dict[str, str]
    complaints: list[Complaint] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def role(self, row: SheetRow) -> DesignRole | None:
        """One row of the design sheet."""
        cells = _Cells("design", row, self.complaints)
        cells.check_headings(DESIGN_COLUMNS)
        role, source = cells.one_of("role", ROLES), cells.one_of("source", SOURCES, "question")
        name = cells.needed("field")
        if name and source == "site":
            self._check_site_column(cells, "field", name)
        elif name:
            self._check_question(cells, "field", name)
        return DesignRole(role, source, name, cells.text("note")) if cells.good else None

    def indicator(self, row: SheetRow) -> Indicator | None:
        """One row of the indicators sheet."""
        cells = _Cells("indicators", row, self.complaints)
        cells.check_headings(INDICATOR_COLUMNS)
        code = cells.needed("code")
        if code in self.rows:
            cells.complain("code", f"{code} is already in row {self.rows[code]}.", "Give each indicator its own code.")
        self.rows.setdefault(code, row.number)
        if not cells.labels():
            cells.complain("label", f"{code} has no name.", "Fill in label::Español (es).")
        estimator = cells.one_of("estimator", ESTIMATORS)
        formulas = {name: self._formula(cells, name) for name in ("formula", "denominator", "base")}
        self._check_estimator(cells, estimator, formulas)
        indicator = Indicator(
            code=code,
            labels=cells.labels(),
            level=cells.one_of("level", LEVELS),
            estimator=estimator,
            direction=cells.one_of("direction", DIRECTIONS),
            family=cells.one_of("family", FAMILIES, "secondary"),
            formula_text=formulas["formula"],
            denominator_text=formulas["denominator"],
            base_text=formulas["base"],
            scale=cells.number("scale", 1.0) or 1.0,
            unit=cells.text("unit"),
            minimum_change=cells.number("minimum_change"),
            headline=cells.yes("headline"),
            breakdowns=self._breakdowns(cells),
            companions=tuple(cells.text("companions").split()),
            sensitive=cells.yes("sensitive"),
            target=cells.number("target"),
            note=cells.text("note"),
            owner=cells.text("owner"),
            frequency=cells.text("frequency"),
            baseline=cells.number("baseline"),
            baseline_date=cells.day("baseline_date"),
            target_date=cells.day("target_date"),
        )
        if indicator.direction == "target" and indicator.target is None and not indicator.note:
            cells.complain(
                "target", f"{code} has direction target but no target.", "Write the number, or a note on it."
            )
        return indicator if cells.good else None

    def codes(self, rows: Sequence[SheetRow]) -> dict[str, dict[str, Labels]]:
        """The labels of the codes of calculated questions and site columns."""
        known: dict[str, dict[str, Labels]] = {}
        for row in rows:
            cells = _Cells("codes", row, self.complaints)
            cells.check_headings(CODE_COLUMNS)
            name, code = cells.needed("name"), cells.needed("code")
            self._check_name(cells, "name", name)
            if code in known.get(name, {}):
                cells.complain("code", f"{name} {code} is there twice.", "Remove one of the rows.")
            if cells.good:
                known.setdefault(name, {})[code] = cells.labels()
        return known

    def check_together(self, registry: Registry, rows: Sequence[SheetRow]) -> None:
        """What only shows when all rows are read: too many headlines, companions that nobody knows."""
        if len(registry.headlines) > MAXIMUM_HEADLINES:
            self.complaints.append(
                Complaint(
                    *("indicators", self.rows[registry.headlines[MAXIMUM_HEADLINES].code], "headline"),
                    f"There are {len(registry.headlines)} headline indicators; at most {MAXIMUM_HEADLINES} are tested"
                    " together.",
                    "Clear headline in the others.",
                )
            )
        for row in rows:
            cells = _Cells("indicators", row, self.complaints)
            if cells.yes("headline") != (cells.text("family") == "headline"):
                cells.complain("family", "headline and family disagree.", "Write yes and headline, or neither.")

    def _formula(self, cells: _Cells, column: str) -> str:
        text = cells.text(column)
        if not text:
            return ""
        try:
            tree = parse_formula(text)
        except ExpressionProblem as problem:
            cells.complain(column, problem.detail, problem.cure)
            return ""
        for name in dict.fromkeys(names_used(tree)):
            self._check_name(cells, column, name)
        for message, cure in check_formula(tree, self.types):
            cells.complain(column, message, cure)
        return text

    def _check_estimator(self, cells: _Cells, estimator: str, formulas: Mapping[str, str]) -> None:
        if estimator == "contrast":
            if cells.text("formula") or not cells.text("note"):
                cells.complain(
                    "formula",
                    "A contrast isn't computed from one submission, so it has no formula.",
                    "Clear the formula and say in note what is compared.",
                )
        elif not cells.text("formula"):
            cells.complain("formula", "The formula is missing.", "Write one, for example ${safe_night} <= 2.")
        if (estimator == "ratio") != bool(cells.text("denominator")):
            cells.complain(
                "denominator",
                "A ratio, and nothing else, has a denominator.",
                "Fill in denominator for a ratio; clear it for any other estimator.",
            )

    def _breakdowns(self, cells: _Cells) -> tuple[str, ...]:
        names: list[str] = []
        for word in cells.text("breakdowns").split():
            if word in BREAKDOWN_SETS:
                names += [name for name in BREAKDOWN_SETS[word] if name.startswith(SITE_PREFIX) or name in self.types]
            else:
                self._check_name(cells, "breakdowns", word, ", ".join(BREAKDOWN_SETS))
                names.append(word)
        return tuple(dict.fromkeys(names))

    def _check_name(self, cells: _Cells, column: str, name: str, also: str = "") -> None:
        if name.startswith(SITE_PREFIX):
            self._check_site_column(cells, column, name.removeprefix(SITE_PREFIX))
        else:
            self._check_question(cells, column, name, also)

    def _check_question(self, cells: _Cells, column: str, name: str, also: str = "") -> None:
        if name not in self.types:
            near = get_close_matches(name, self.types, 1)
            cure = f"Did you mean {near[0]}?" if near else "Use the name of a question of this form, outside repeats."
            cells.complain(
                column, f"There is no question called {name}.", cure + (f" Or a set: {also}." if also else "")
            )

    def _check_site_column(self, cells: _Cells, column: str, name: str) -> None:
        """The office may give its site table more columns; a name that is nearly a known one is a slip."""
        if name not in SITE_COLUMNS and (near := get_close_matches(name, SITE_COLUMNS, 1, 0.75)):
            cells.complain(column, f"The site table has no column called {name}.", f"Did you mean {near[0]}?")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@dataclass
class _Cells:
    """The cells of one row, read with complaints."""

    sheet: str
    row: SheetRow
    complaints: list[Complaint]
    good: bool = True

    def complain(self, column: str, message: str, cure: str) -> None:
        self.good = False
        self.complaints.append(Complaint(self.sheet, self.row.number, column, message, cure))

    def check_headings(self, known: Sequence[str]) -> None:
        for heading in self.row.cells:
            if heading not in known and heading.split("::")[0] != "label":
                near = get_close_matches(heading, known, 1)
                cure = f"Did you mean {near[0]}?" if near else f"Known columns: {', '.join(known)}, label::…"
                self.complain(heading, f"There is no column called {heading}.", cure)

    def text(self, column: str) -> str:
        return self.row.cells.get(column, "").strip()

    def day(self, column: str) -> str:
        text = self.text(column).removesuffix(" 00:00:00")
        if text and not _is_day(text):
            self.complain(column, f"“{text}” is no day.", "Write it as 2027-03-31.")
        return text

    def needed(self, column: str) -> str:
        if not self.text(column):
            self.complain(column, f"{column} is blank.", "Fill it in, or remove the row.")
        return self.text(column)

    def labels(self) -> dict[str, str]:
        pairs = (
            (heading.partition("::")[2], text) for heading, text in self.row.cells.items() if heading[:5] == "label"
        )
        return {language: text.strip() for language, text in pairs if text.strip()}

    def one_of(self, column: str, known: Sequence[str], default: str = "") -> str:
        text = self.text(column) or default
        if text not in known:
            self.complain(column, f"“{text}” is no {column}.", f"Use one of {', '.join(known)}.")
        return text

    def yes(self, column: str) -> bool:
        text = self.text(column).lower()
        if text not in ("", "yes", "no"):
            self.complain(column, f"“{text}” is neither yes nor no.", "Write yes, or leave it blank.")
        return text == "yes"

    def number(self, column: str, default: float | None = None) -> float | None:
        text = self.text(column)
        try:
            return float(text) if text else default
        except ValueError:
            self.complain(column, f"“{text}” is no number.", "Write it with a point and without a unit: 0.3.")
            return default
