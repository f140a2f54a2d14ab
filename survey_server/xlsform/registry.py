"""Registry: what a form's `design`, `indicators` and `codes` sheets say, as values that are stored with the version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from survey_server.xlsform.expressions.expression import Tree, parse_expression, subtrees

Labels = Mapping[str, str]

SITE_PREFIX = "site."
CODED = frozenset(("select_one", "select_multiple"))
NUMERIC = frozenset(("integer", "decimal"))
SITE_COLUMNS = frozenset(
    ("code", "name", "country", "department", "department_name", "municipality", "stratum", "arm", "area")
) | {"border", "weight", "population", "risk_tier", "latitude", "longitude", "target", "probability"}

# What a formula may call, with the least and the most arguments; estimation/formula.py computes them.
FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "true": (0, 0),
    "false": (0, 0),
    "not": (1, 1),
    "if": (3, 3),
    "coalesce": (2, 99),
    "raw": (1, 1),
    "selected": (2, 2),
    "any-selected": (2, 2),
    "count-selected": (1, 1),
    "mean-valid": (2, 99),
    "sum-valid": (2, 99),
    "count-valid": (1, 99),
    "min": (1, 99),
    "max": (1, 99),
    "abs": (1, 1),
    "int": (1, 1),
    "round": (1, 2),
    "number": (1, 1),
    "decimal-time": (1, 1),
    "decimal-date-time": (1, 1),
}

_REFERENCE = re.compile(r"\$\{\s*([^\W\d][\w.\-]*)\s*\}")
_KINDS = {"select1": "select_one", "select": "select_multiple", "rank": "rank"}
_TYPES = {"int": "integer", "string": "text"}


@dataclass(frozen=True)
class DesignRole:
    """What a question or a column of the office's site table is for: `psu`, `stratum`, `weight`, `consent`, ..."""

    role: str
    source: str
    field: str
    note: str = ""

    @property
    def column(self) -> str:
        """The column of a wave's frame that plays the role."""
        return SITE_PREFIX + self.field if self.source == "site" else self.field


@dataclass(frozen=True)
class Indicator:
    """One number that reports follow: how it is computed from a submission and what a good change looks like.

    `contrast` indicators compare arms, modes or forms; they carry no formula and each row of a frame knows nothing
    of them. A `ratio` is the sum of `formula` over the sum of `denominator`; only rows where `base` is true count.
    """

    code: str
    labels: Labels
    level: str
    estimator: str
    direction: str
    family: str
    formula_text: str = ""
    denominator_text: str = ""
    base_text: str = ""
    scale: float = 1.0
    unit: str = ""
    minimum_change: float | None = None
    headline: bool = False
    breakdowns: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    sensitive: bool = False
    target: float | None = None
    note: str = ""
    owner: str = ""
    """Who answers for the number; in reports, where blank, whoever keeps the form."""
    frequency: str = ""
    baseline: float | None = None
    """Where another source gives it; otherwise the earlier wave's value is the baseline."""
    baseline_date: str = ""
    target_date: str = ""
    """Days as 2027-03-31."""

    @cached_property
    def formula(self) -> Tree | None:
        """The value of one submission, as a tree."""
        return parse_formula(self.formula_text) if self.formula_text else None

    @cached_property
    def denominator(self) -> Tree | None:
        """What a ratio divides by, as a tree."""
        return parse_formula(self.denominator_text) if self.denominator_text else None

    @cached_property
    def base(self) -> Tree | None:
        """Which submissions count, as a tree; None means all."""
        return parse_formula(self.base_text) if self.base_text else None

    @cached_property
    def questions(self) -> tuple[str, ...]:
        """The questions whose wording the number rests on, in the order in which they're named."""
        trees = (self.formula, self.denominator, self.base)
        names = [name for tree in trees if tree is not None for name in names_used(tree)]
        return tuple(dict.fromkeys(name for name in names if not name.startswith(SITE_PREFIX)))

    def label(self, language: str) -> str:
        """The name in a language ("es"), else in the first language that has one, else the code."""
        wanted = [text for name, text in self.labels.items() if name == language or name.endswith(f"({language})")]
        return next((text for text in [*wanted, *self.labels.values()] if text), self.code)


@dataclass(frozen=True)
class Registry:
    """The design roles, indicators and extra code labels of one form version, and the kind of each question."""

    design: tuple[DesignRole, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    codes: Mapping[str, Mapping[str, Labels]] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    def roles(self, role: str) -> list[str]:
        """The frame columns that play a role: several weights multiply."""
        return [line.column for line in self.design if line.role == role]

    def role(self, role: str) -> str | None:
        """The frame column that plays a role, or None."""
        return next(iter(self.roles(role)), None)

    def indicator(self, code: str) -> Indicator:
        """The indicator with this code; raises KeyError."""
        for indicator in self.indicators:
            if indicator.code == code:
                return indicator
        raise KeyError(code)

    @property
    def headlines(self) -> tuple[Indicator, ...]:
        """The indicators of the first page, in the order of the sheet."""
        return tuple(indicator for indicator in self.indicators if indicator.headline)

    def to_json(self) -> dict[str, Any]:
        """The registry as JSON: expressions stay text, as the author wrote them."""
        return {
            "design": [asdict(role) for role in self.design],
            "indicators": [_written(indicator) for indicator in self.indicators],
            "codes": {
                name: {code: dict(labels) for code, labels in codes.items()} for name, codes in self.codes.items()
            },
            "types": dict(self.types),
        }


def registry_from_json(value: Mapping[str, Any]) -> Registry:
    """The registry that `to_json` wrote."""
    indicators = [
        Indicator(**{**line, "breakdowns": tuple(line["breakdowns"]), "companions": tuple(line["companions"])})
        for line in value.get("indicators", ())
    ]
    return Registry(
        design=tuple(DesignRole(**line) for line in value.get("design", ())),
        indicators=tuple(indicators),
        codes=value.get("codes", {}),
        types=value.get("types", {}),
    )


def _written(indicator: Indicator) -> dict[str, Any]:
    line = asdict(indicator)
    line["labels"] = dict(indicator.labels)
    line["breakdowns"] = list(indicator.breakdowns)
    line["companions"] = list(indicator.companions)
    return line


def parse_formula(text: str) -> Tree:
    """The tree of a formula; ${question} is read as a child of the submission. Raises ExpressionProblem."""
    same_length = _REFERENCE.sub(lambda found: f"./{found[1]}".ljust(len(found[0])), text)
    return parse_expression(same_length)


def name_of(tree: Tree) -> str | None:
    """The question or site column that a tree is, or None when it is anything else."""
    if tree[0] == "path" and tree[1] == "." and len(tree) == 3:
        axis, test, *predicates = tree[2]
        if axis == "child" and not predicates and re.fullmatch(r"[^\W\d][\w.\-]*", test):
            return str(test)
    return None


def names_used(tree: Tree) -> Iterator[str]:
    """Every question and site column in a formula."""
    for part in subtrees(tree):
        if (name := name_of(part)) is not None:
            yield name


def question_types(phone: Mapping[str, Any]) -> dict[str, str]:
    """The kind of every question of a compiled form (its phone JSON) that has a column of its own in a frame.

    Questions inside a repeat have none: the repeat is one column, of kind "repeat".
    """
    kinds: dict[str, str] = {}
    groups: set[str] = set()
    repeats: list[str] = []
    for control in _controls(phone["body"]):
        ref, kind = control.get("ref", ""), control["kind"]
        if kind == "repeat":
            repeats.append(ref + "/")
            kinds[ref] = "repeat"
        elif kind == "group":
            groups.add(ref)
        elif kind in _KINDS:
            kinds[ref] = _KINDS[kind]
    for bind in phone["binds"]:
        kind = bind.get("type") or "text"
        kinds.setdefault(bind["ref"], _TYPES.get(kind, kind))
    names = column_names([ref for ref in kinds if ref not in groups])
    return {name: kinds[ref] for ref, name in names.items() if not ref.startswith(tuple(repeats))}


def column_names(refs: Sequence[str]) -> dict[str, str]:
    """The frame column of each ref: its last name when that is unique, else the path below the root."""
    last = [ref.rsplit("/", 1)[-1] for ref in refs]
    return {ref: name if last.count(name) == 1 else ref.split("/", 2)[-1] for ref, name in zip(refs, last, strict=True)}


def _controls(body: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for control in body:
        yield control
        yield from _controls(control.get("children", ()))
