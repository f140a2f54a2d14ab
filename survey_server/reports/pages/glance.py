"""At a glance: the headline indicators, what moved, what didn't, what can't be told, and what to read with care."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from survey_server.estimation.verdict import VERDICT_WORDS
from survey_server.reports.comparability import fieldwork_cautions
from survey_server.reports.measure import estimate_cell
from survey_server.reports.pages.quality import quality_warnings
from survey_server.reports.pages.readings import context_notes
from survey_server.reports.results import PSUS_PER_ARM, Result
from survey_server.reports.study import Study, note
from survey_server.reports.units import unit_range
from survey_server.reports.value import (
    BLANK,
    Block,
    Cell,
    Column,
    Headlines,
    LeftOut,
    Note,
    Page,
    Prose,
    Row,
    Spark,
    Table,
    text_cell,
)

MARKS = {
    "improved": "improved",
    "worsened": "worsened",
    "stable": "stable",
    "no_clear_change": "unclear",
    "not_comparable": "broken",
    "suppressed": "unknown",
    "too_few": "unknown",
    "rose": "context",
    "fell": "context",
    "flat": "context",
}
UNKNOWN = frozenset(("not_comparable", "suppressed", "too_few"))
FEW = 3
STILL = frozenset(("no_clear_change", "stable", "flat"))


def build_glance(study: Study) -> Page | LeftOut:
    """The page that most readers will read alone."""
    name = study.t["page.glance"]
    if not study.headlines:
        return LeftOut("glance", name, note("left_out.no_headlines"))
    table = _table(study)
    told = tuple(context_notes(study))
    context = [Prose(told, "list", study.t["glance.contexts"])] if told else []
    blocks: tuple[Block, ...] = (Prose(tuple(_sentences(study)), "lead"), Headlines(table), *context, *_care(study))
    return Page("glance", name, _message(study), blocks)


def verdict_cell(study: Study, result: Result, brief: bool = False) -> Cell:
    """The verdict as words; unless `brief`, the smallest detectable change or the reason stand on a second line."""
    word = result.verdict
    if word is None:
        return BLANK
    lines = [VERDICT_WORDS[study.t.language][word.word_key]]
    if word.small:
        lines[0] += f" ({VERDICT_WORDS[study.t.language]['small']})"
    if brief:
        return text_cell(lines[0], MARKS[word.word_key])
    lines += (
        [study.t.write(Note("glance.mde", {"mde": mde_cell(result)}))]
        if word.word_key == "no_clear_change" and not result.by_comparison
        else []
    )
    lines += [study.t["short.did"]] if result.by_comparison else []
    lines += [study.t.find(f"short.{reason.rule}", "") for reason in result.comparability.breaks]
    lines += [study.t.find(f"short.{caution.rule}", "") for caution in _own_cautions(study, result)]
    cell = text_cell("\n".join(line for line in lines if line), MARKS[word.word_key])
    return replace(cell, value=mde_cell(result).value) if word.word_key == "no_clear_change" else cell


def _did(result: Result) -> Cell:
    """The change against the areas without the programme; blank where there are too few of them."""
    pair = result.pair
    if result.comparability.breaks or min(pair.psus_per_arm) < PSUS_PER_ARM:
        return BLANK
    found = pair.did(result.indicator)
    if found is None:
        return BLANK
    effect = found.estimate.scaled(result.indicator.scale)
    return estimate_cell(effect, result.change_format, interval=True, sensitive=result.indicator.sensitive)


def mde_cell(result: Result) -> Cell:
    """The smallest change that this design would have shown."""
    change = result.comparison.change
    return Cell(change.mde if change else None, "coefficient" if result.change_format == "change" else "index")


def _own_cautions(study: Study, result: Result) -> list[Note]:
    """The cautions about this indicator alone: those of the whole fieldwork stand in the box."""
    shared = {caution.rule for caution in fieldwork_cautions(result.pair)}
    notes = [caution for caution in result.comparability.cautions if caution.rule not in shared]
    other = study.verdicts_without_flagged.get((result.pair.form_id, result.indicator.code))
    if other and result.verdict and other.word_key != result.verdict.word_key:
        notes.append(note("caution.flagged", word=VERDICT_WORDS[study.t.language][other.word_key]))
    return notes


def _table(study: Study) -> Table:
    t, waves = study.t, study.wave_names
    heads = [Column("before", waves[0])] if len(waves) > 1 else []
    columns = (
        *heads,
        Column("after", waves[-1]),
        Column("change", t["head.change"], detail=t["head.interval"]),
        *((Column("did", t["glance.did"], detail=t["head.interval"]),) if _has_did(study) else ()),
        *((Column("target", t["head.target"]),) if _has_targets(study) else ()),
        Column("verdict", t["head.verdict"], left=True),
    )
    rows = tuple(_row(study, result, len(waves) > 1) for result in study.headlines)
    notes = [note("glance.note.adjusted"), *([note("note.small_cells")] if _has_small(rows) else [])]
    return Table("glance.headlines", t["page.glance"], columns, rows, notes=tuple(notes), corner=t["head.indicator"])


def _row(study: Study, result: Result, two_waves: bool) -> Row:
    indicator, comparison = result.indicator, result.comparison
    broken = bool(result.comparability.breaks)
    sides = [
        estimate_cell(side, result.value_format, interval=True, sensitive=indicator.sensitive)
        for side in ((comparison.before, comparison.after) if two_waves else (comparison.after,))
    ]
    change = BLANK
    if not broken:
        change = estimate_cell(
            comparison.difference, result.change_format, interval=True, sensitive=indicator.sensitive
        )
    target = [Cell(indicator.target, result.value_format)] if _has_targets(study) else []
    detail = f"{study.t.find(f'good.{indicator.direction}', '')} · {unit_label(study, result)}"
    return Row(
        indicator.code,
        study.label(result),
        (*sides, change, *([_did(result)] if _has_did(study) else []), *target, verdict_cell(study, result)),
        detail=detail,
        spark=_spark(result),
    )


def _spark(result: Result) -> Spark:
    good = {"down": -1, "context": 0}.get(result.indicator.direction, 1)
    return Spark(unit_range(result.indicator), good, result.minimum_change)


def unit_label(study: Study, result: Result) -> str:
    """The unit in words: "%" stays, scales are named."""
    unit = result.indicator.unit
    return study.t.find(f"unit.{unit}", unit)


def _has_did(study: Study) -> bool:
    return any(_did(result).shown for result in study.headlines)


def _has_targets(study: Study) -> bool:
    return any(result.indicator.target is not None for result in study.headlines)


def _has_small(rows: Sequence[Row]) -> bool:
    return any(cell.flag in ("bracketed", "suppressed") for row in rows for cell in row.cells)


def _message(study: Study) -> Note:
    """The heading: counts of verdicts, worded by rule."""
    keys = [result.verdict.word_key for result in study.headlines if result.verdict]
    counts = {
        "all": Cell(float(len(study.headlines))),
        "improved": Cell(float(keys.count("improved"))),
        "worsened": Cell(float(keys.count("worsened"))),
    }
    if not keys:
        return Note("glance.message.one_wave", {**counts, "count": counts["all"]})
    if len(keys) == 1:
        word = VERDICT_WORDS[study.t.language][keys[0]]
        return note("glance.message.single", name=study.label(study.headlines[0]), word=word.lower())
    rule = {
        (True, True): "mixed",
        (True, False): "better",
        (False, True): "worse",
        (False, False): "still",
    }[counts["improved"].value != 0, counts["worsened"].value != 0]
    told = {"better": "improved", "worse": "worsened"}.get(rule)
    return Note(f"glance.message.{rule}", {**counts, "count": counts[told]} if told else counts)


def _sentences(study: Study) -> Iterator[Note]:
    """At most three: what moved, what didn't, what can't be told."""
    moved = [r for r in study.headlines if r.verdict and r.verdict.word_key in ("improved", "worsened")]
    still = [r for r in study.headlines if r.verdict and r.verdict.word_key in STILL]
    unknown = [r for r in study.headlines if r.verdict and r.verdict.word_key in UNKNOWN]
    if moved:
        most = max(moved, key=_size)
        cells = {"change": estimate_cell(most.comparison.difference, most.change_format, interval=True)}
        words = {
            "names": _names(study, moved),
            "most": study.label(most),
            "word": VERDICT_WORDS[study.t.language][most.verdict.word_key if most.verdict else "stable"].lower(),
            "unit": study.t.find(f"change_unit.{most.indicator.unit}", ""),
        }
        yield Note("glance.moved.one" if len(moved) == 1 else "glance.moved.many", cells, words)
    if still:
        rule = "all" if len(still) == len(study.headlines) > FEW else "few" if len(still) <= FEW else "some"
        yield Note(f"glance.still.{rule}", {"count": Cell(float(len(still)))}, {"names": _names(study, still)})
    if unknown:
        yield Note("glance.unknown", {"count": Cell(float(len(unknown)))}, {"names": _names(study, unknown)})


def _size(result: Result) -> float:
    """How large a change is, in multiples of the smallest that matters."""
    estimate = result.comparison.difference
    return abs(estimate.value) / result.minimum_change if estimate and result.minimum_change else 0.0


def _names(study: Study, results: Sequence[Result]) -> str:
    return study.t.listed(study.label(result) for result in results)


def late_changes(study: Study) -> Iterator[Note]:
    """Indicators that were changed after a wave had opened, each once."""
    seen = dict.fromkeys(late for pair in study.pairs for sample in pair.samples for late in sample.data.late_changes)
    for late in seen:
        words = {"code": late.code, "columns": ", ".join(late.columns), "wave": late.wave, "reason": late.reason}
        yield note("care.late_change", day=study.t.numbers.date(late.day), **words)


def _care(study: Study) -> list[Prose]:
    """The box "Read with care", filled from the quality rules; absent when nothing asks for it."""
    notes = list(quality_warnings(study))
    shared: dict[str, Note] = {}
    for pair in study.pairs:
        for caution in fieldwork_cautions(pair):
            text, name = study.t.write(caution), study.title_of(pair)
            about = f"{shared[text].about}; {name}" if text in shared else name
            shared[text] = replace(caution, about=about)
    notes += shared.values()
    for result in study.headlines:
        for reason in (*result.comparability.breaks, *_own_cautions(study, result)):
            notes.append(replace(reason, about=study.label(result)))
    notes += late_changes(study)
    if strange := study.programme.strange_margins:
        notes.append(note("care.margins", forms=study.t.listed(strange)))
    if study.swapped:
        notes.insert(0, note("care.swapped"))
    if not all(study.speaks(pair) for pair in study.pairs):
        notes.append(note("toplines.language"))
    if study.programme.demo:
        notes.insert(0, note("care.demo"))
    return [Prose(tuple(notes), "box", study.t["glance.care"])] if notes else []
