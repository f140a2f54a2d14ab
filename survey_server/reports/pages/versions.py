"""Annex 2: the questions with the hash of their wording in each wave, so that anyone can check what was comparable."""

from __future__ import annotations

from survey_server.reports.comparability import broken_questions
from survey_server.reports.measure import Pair
from survey_server.reports.scales import printed_items
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, LeftOut, Note, Page, Row, Table, text_cell

HASH_SHOWN, WORDING_SHOWN = 8, 66


def build_versions(study: Study) -> Page | LeftOut:
    """One table for each form."""
    name = study.t["page.versions"]
    tables = tuple(table for pair in study.pairs if (table := _table(study, pair)).rows)
    if not tables:
        return LeftOut("versions", name, note("left_out.no_answers"))
    broken = sum(1 for table in tables for row in table.rows if row.cells[-1].mark)
    rule = "versions.message.broken" if broken else "versions.message"
    return Page("versions", name, Note(rule, {"broken": Cell(float(broken))}), tables)


def _table(study: Study, pair: Pair) -> Table:
    t = study.t
    items = printed_items(pair)
    broken = set(broken_questions(pair, tuple(item.name for item in items)))
    columns = (
        Column("wording", t["versions.wording"], left=True),
        Column("kind", t["versions.kind"], left=True),
        *(
            Column(key, sample.data.wave.name, left=True)
            for key, sample in zip(pair.wave_keys, pair.samples, strict=True)
        ),
        Column("same", t["versions.same"], left=True),
    )
    rows = []
    for item in items:
        hashes = [sorted(sample.data.hashes(item.name)) for sample in pair.samples]
        shown = (text_cell(", ".join(digest[:HASH_SHOWN] for digest in found) or "–") for found in hashes)
        same = text_cell(t["versions.differs"], "broken") if item.name in broken else text_cell(t["versions.equal"])
        kind = text_cell(t[f"kind.{item.kind}"])
        cells = (text_cell(_short(study.wording(item))), kind, *shown, same)
        rows.append(Row(item.name, item.name, cells))
    used = "; ".join(
        f"{sample.data.wave.name}: {', '.join(q.version for q in sample.data.questionnaires)}"
        for sample in pair.samples
    )
    return Table(
        f"versions.{pair.form_id}",
        study.title_of(pair),
        columns,
        tuple(rows),
        base=note("versions.used", versions=used),
        notes=(note("versions.note"),),
        layout="hashes",
        corner=t["head.item"],
    )


def _short(wording: str) -> str:
    """The beginning of a wording; the toplines have it whole."""
    return wording if len(wording) <= WORDING_SHOWN else wording[: WORDING_SHOWN - 1].rstrip() + "…"
