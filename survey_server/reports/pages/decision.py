"""Decision page: the evidence row by row, the conditions of each reading, and the blanks that people fill in.

It never decides: it lays the signs side by side, says which conditions they meet, and leaves the rest to signatures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from survey_server.estimation.verdict import VERDICT_WORDS
from survey_server.reports.pages.quality import study_grade
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Column, LeftOut, Lines, Page, Prose, Row, Table, text_cell

Sign: TypeAlias = Literal["up", "same", "down", "unknown", "people"]
Met: TypeAlias = Literal["yes", "no", "unknown"]

SIGNS: Mapping[Sign, str] = {"up": "▲", "same": "■", "down": "▼", "unknown": "?", "people": "☐"}
EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "security": (
        "S01",
        "S02",
        "S03",
        "S04",
        "S05",
        "S06",
        "S08",
        "S09",
        "S10a",
        "S10b",
        "S10c",
        "S11",
        "S12",
        "A01",
        "A02",
    ),
    "cartels": ("S37", "S39", "S40", "S53"),
    "opinion": ("S16", "S24", "S30", "S35", "S36", "S41", "S42", "S43"),
    "coordination": ("A14", "A15j", "A16", "A16s", "A16i", "T12", "O08b"),
    "practice": ("O01", "O02", "O03", "O04", "O05", "O06", "O07", "O08", "S25", "S29", "S48", "S49", "S50", "S51"),
    "budget": ("T04", "T05", "T06", "T10", "T16"),
    "committees": ("S60", "S61", "C02", "C03", "C04", "C05"),
}
GATE = "gate"
BLANKS = (
    ("alternatives", 2),
    ("changes_mind", 2),
    ("decision", 2),
    ("dissent", 2),
    ("who", 1),
    ("date", 1),
    ("signature1", 1),
    ("signature2", 1),
)


@dataclass(frozen=True)
class Evidence:
    """One row: its sign, and the indicators that moved and stood still."""

    key: str
    sign: Sign
    improved: tuple[Result, ...] = ()
    worsened: tuple[Result, ...] = ()
    tested: int = 0


def build_decision(study: Study) -> Page | LeftOut:
    """The page that people sign."""
    name = study.t["page.decision"]
    if study.before_wave is None:
        return LeftOut("decision", name, note("left_out.one_wave"))
    grade = study_grade(study)
    rows = [_evidence(study, key, codes, grade) for key, codes in EVIDENCE.items()]
    readings = dict(_readings({row.key: row for row in rows}, grade))
    blocks: tuple[Block, ...] = (
        Prose((note("decision.lead"),), "lead"),
        _evidence_table(study, rows),
        _reading_table(study, readings),
        *(
            [Prose((note("decision.limited", grade=grade),), "box", study.t["decision.limited.title"])]
            if grade > "B"
            else []
        ),
        _record(study),
    )
    return Page("decision", name, note("decision.message", grade=grade), blocks)


def _record(study: Study) -> Block:
    """What was decided and signed, or the blanks for it."""
    t, decided = study.t, study.decided
    if decided is None:
        labels = tuple((t[f"decision.blank.{key}"], lines) for key, lines in BLANKS)
        return Lines("decision.record", t["decision.record"], labels)
    signed = "; ".join(f"{name}, {t.numbers.date(day)}" for name, day in decided.signatures)
    told = {
        "decision": f"{t.find(f'decision.named.{decided.reading}', '')} {decided.decision}".strip(),
        "reasons": decided.reasons,
        "alternatives": decided.alternatives,
        "changes_mind": decided.changes_mind,
        "dissent": decided.dissent,
        "who": f"{decided.written_by}, {t.numbers.date(decided.written_on)}",
        "signed": signed,
    }
    rows = tuple(Row(key, t[f"decision.blank.{key}"], (text_cell(text),)) for key, text in told.items() if text)
    heads = (Column("text", "", left=True),)
    return Table("decision.record", t["decision.record"], heads, rows, layout="evidence record")


def _evidence(study: Study, key: str, codes: Sequence[str], grade: str) -> Evidence:
    found = [r for r in study.results if r.indicator.code in codes and r.verdict is not None]
    improved = tuple(r for r in found if r.verdict and r.verdict.word_key == "improved")
    worsened = tuple(r for r in found if r.verdict and r.verdict.word_key == "worsened")
    tested = [r for r in found if r.verdict and r.verdict.word_key not in ("not_comparable", "suppressed", "too_few")]
    return Evidence(key, sign_of(len(improved), len(worsened), len(tested), grade), improved, worsened, len(tested))


def sign_of(improved: int, worsened: int, tested: int, grade: str) -> Sign:
    """Up if something improved and nothing worsened, down the other way round; unknown when nothing can be told."""
    if grade == "D" or not tested:
        return "unknown"
    if improved and not worsened:
        return "up"
    return "down" if worsened and not improved else "same"


def _readings(rows: Mapping[str, Evidence], grade: str) -> Iterator[tuple[str, Met]]:
    """Whether the signs meet the conditions of each reading; the gate is left to people."""
    sign = {key: row.sign for key, row in rows.items()}
    first = [sign[key] for key in ("security", "cartels", "opinion")]
    five = [*first, sign["coordination"], sign["practice"]]
    yield (
        "expand",
        _all_met(
            (sign["security"] == "up" and sign["opinion"] == "up", "unknown" in (sign["security"], sign["opinion"])),
            ("down" not in five, "unknown" in five),
            (grade <= "B", False),
        ),
    )
    yield (
        "extend",
        _all_met(("up" in first, "unknown" in first and "up" not in first), ("down" not in first, "unknown" in first)),
    )
    mixed = "up" in five and "down" in five
    adjusted = mixed or (sign["practice"] == "up" and sign["opinion"] in ("same", "down"))
    yield "adjust", "yes" if adjusted else "unknown" if "unknown" in five else "no"
    yield "pause", "yes" if first.count("down") >= 2 else "unknown" if "unknown" in first else "no"


def _all_met(*conditions: tuple[bool, bool]) -> Met:
    """Yes if all hold and none is in doubt; no if one fails for sure."""
    if any(not holds and not doubtful for holds, doubtful in conditions):
        return "no"
    return "unknown" if any(doubtful for _, doubtful in conditions) else "yes"


def _evidence_table(study: Study, rows: Sequence[Evidence]) -> Table:
    t = study.t
    columns = (
        Column("sign", t["decision.sign"], left=True),
        Column("improved", VERDICT_WORDS[t.language]["improved"], left=True),
        Column("worsened", VERDICT_WORDS[t.language]["worsened"], left=True),
        Column("tested", t["decision.tested"]),
    )
    lines = [Row(row.key, t[f"decision.row.{row.key}"], _cells(study, row)) for row in rows]
    gate = text_cell(f"{SIGNS['people']} {t['decision.sign.people']}", "unknown")
    lines.append(Row(GATE, t["decision.row.gate"], (gate, text_cell(t["decision.gate"]), text_cell(""), text_cell(""))))
    return Table(
        "decision.evidence",
        "",
        columns,
        tuple(lines),
        notes=(note("decision.evidence.note"),),
        layout="evidence",
        corner=t["decision.evidence"],
    )


def _cells(study: Study, row: Evidence) -> tuple[Cell, ...]:
    marks: Mapping[Sign, str] = {"up": "improved", "down": "worsened", "same": "stable"}
    sign = text_cell(f"{SIGNS[row.sign]} {study.t[f'decision.sign.{row.sign}']}", marks.get(row.sign, "unknown"))
    names = [", ".join(f"{study.label(r)} ({r.indicator.code})" for r in part) for part in (row.improved, row.worsened)]
    return sign, *(text_cell(name or "–") for name in names), Cell(float(row.tested))


def _reading_table(study: Study, readings: Mapping[str, Met]) -> Table:
    t = study.t
    marks: Mapping[Met, str] = {"yes": "stable", "no": "unclear", "unknown": "unknown"}
    columns = (Column("conditions", t["decision.conditions"], left=True), Column("met", t["decision.met"], left=True))
    rows = tuple(
        Row(
            key,
            t[f"decision.named.{key}"],
            (text_cell(t[f"decision.rule.{key}"]), text_cell(t[f"decision.met.{met}"], marks[met])),
        )
        for key, met in readings.items()
    )
    return Table(
        "decision.readings",
        "",
        columns,
        rows,
        notes=(note("decision.readings.note"),),
        layout="evidence",
        corner=t["decision.reading"],
    )
