"""The reader's guide: one page for people who never had statistics, with an example from this very report."""

from __future__ import annotations

from collections.abc import Iterator

from survey_server.reports.measure import estimate_cell
from survey_server.reports.pages.glance import verdict_cell
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Chart, Column, Note, Page, Paragraphs, Prose, Row, Table

PARTS = ("sample", "n", "interval", "unclear", "points", "weights", "many", "small", "compare", "cause")


def build_guide(study: Study) -> Page:
    """What n, interval, weights and verdicts mean, in words of everyday."""
    t = study.t
    parts = tuple(Prose((note(f"guide.{part}"),), title=t[f"guide.title.{part}"]) for part in PARTS)
    blocks: list[Block] = [Prose((note("guide.lead"),), "lead")]
    blocks += _example(study)
    blocks.append(Paragraphs(parts))
    return Page("guide", t["page.guide"], note("guide.message"), tuple(blocks))


def _example(study: Study) -> Iterator[Block]:
    """One headline read step by step: the clearest that moved, else the first that can be compared."""
    able = [r for r in study.headlines if r.comparison.difference and r.verdict and not r.comparability.breaks]
    able = [r for r in able if _change(r).shown and _change(r).low is not None]
    moved = [r for r in able if r.verdict and r.verdict.word_key in ("improved", "worsened")]
    if not able:
        return
    result = (moved or able)[0]
    change, comparison = _change(result), result.comparison
    sides = [
        estimate_cell(side, result.value_format, sensitive=result.indicator.sensitive)
        for side in (comparison.before, comparison.after)
    ]
    assert result.verdict is not None
    words = {
        "name": study.label(result),
        "before_wave": study.wave_names[0],
        "after_wave": study.wave_names[-1],
        "word": verdict_cell(study, result, brief=True).text,
        "unit": study.t.find(f"change_unit.{result.indicator.unit}", ""),
    }
    cells = {"before": sides[0], "after": sides[1], "change": Cell(change.value, change.format, n=change.n)}
    ends = {"low": Cell(change.low, change.format), "high": Cell(change.high, change.format)}
    step = Cell(result.minimum_change, "coefficient" if change.format == "change" else "index")
    count = Cell(float(min(sides[0].n or 0, sides[1].n or 0)))
    crosses = (change.low or 0.0) <= 0 <= (change.high or 0.0)
    says = Note("guide.example.crosses" if crosses else "guide.example.clear", ends, words)
    table = Table(
        "guide.example",
        "",
        (Column("change", study.t["head.change"]), Column("step", study.t["guide.step"])),
        (Row(result.indicator.code, study.label(result), (change, step)),),
    )
    yield Prose(
        (
            Note("guide.example.values", {**cells, "n": count}, words),
            Note("guide.example.interval", {**ends}, words),
            says,
            note("guide.example.word", **words),
        ),
        "box",
        study.t["guide.example.title"],
    )
    yield Chart("guide-example", "example", table, study.t["guide.example.alt"])


def _change(result: Result) -> Cell:
    difference = result.comparison.difference
    return estimate_cell(difference, result.change_format, interval=True, sensitive=result.indicator.sensitive)
