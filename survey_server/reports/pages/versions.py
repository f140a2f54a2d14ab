"""Annex 2: the questions with the hash of their wording in each wave, so that anyone can check what was comparable."""

from __future__ import annotations

import pandas as pd

from survey_server.reports.comparability import broken_questions
from survey_server.reports.measure import Pair
from survey_server.reports.sample import Sample
from survey_server.reports.scales import printed_items
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Column, LeftOut, Note, Page, Prose, Row, Table, text_cell

HASH_SHOWN, WORDING_SHOWN = 8, 66


def build_versions(study: Study) -> Page | LeftOut:
    """What changed as a table, and for each form all its questions with their digests."""
    name = study.t["page.versions"]
    if not any(printed_items(pair) for pair in study.pairs):
        return LeftOut("versions", name, note("left_out.no_answers"))
    tables = {pair.form_id: _table(study, pair) for pair in study.pairs}
    broken = sum(len(table.rows) for table in tables.values())
    rule = "versions.message.broken" if broken else "versions.message"
    blocks: list[Block] = []
    for pair in study.pairs:
        table = tables[pair.form_id]
        blocks += [Prose((), title=study.title_of(pair)), *([table] if table.rows else []), _list(study, pair)]
    return Page("versions", name, Note(rule, {"broken": Cell(float(broken))}), tuple(blocks))


def _list(study: Study, pair: Pair) -> Prose:
    """Every question with the digest under which it was asked last, one after the other."""
    words = []
    for item in printed_items(pair):
        found = sorted(pair.after.data.hashes(item.name)) or sorted(pair.samples[0].data.hashes(item.name))
        words.append("\u00a0".join((item.name, "/".join(digest[:HASH_SHOWN] for digest in found))))
    used = study.t.listed(
        f"{sample.data.wave.name}: {', '.join(_used(study, sample, q.version) for q in sample.data.questionnaires)}"
        for sample in pair.samples
    )
    languages = dict.fromkeys(name for s in pair.samples for q in s.data.questionnaires for name in q.title if name)
    listed = note("versions.list", list=" · ".join(words))
    told = note("versions.used", versions=used, languages=", ".join(languages) or "–")
    return Prose((told, note("versions.note"), listed), "digests")


def _used(study: Study, sample: Sample, version: str) -> str:
    """A version with the first and the last day on which it was filled in."""
    frame = sample.everyone
    if not {"_version", "_collected_on"} <= set(frame.columns):
        return version
    days = pd.to_datetime(frame["_collected_on"][frame["_version"].astype(str) == version], errors="coerce").dropna()
    if days.empty:
        return version
    first, last = (study.t.numbers.short_date(day.date()) for day in (days.min(), days.max()))
    return f"{version} ({first} – {last})"


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
        if item.name not in broken:
            continue
        hashes = [sorted(sample.data.hashes(item.name)) for sample in pair.samples]
        shown = (text_cell(", ".join(digest[:HASH_SHOWN] for digest in found) or "–") for found in hashes)
        kind = text_cell(t[f"kind.{item.kind}"])
        cells = (text_cell(_short(study.wording(item))), kind, *shown, text_cell(t["versions.differs"], "broken"))
        rows.append(Row(item.name, item.name, cells))
    return Table(
        f"versions.{pair.form_id}",
        "",
        columns,
        tuple(rows),
        layout="hashes",
        corner=t["head.item"],
    )


def _short(wording: str) -> str:
    """The beginning of a wording; the toplines have it whole."""
    return wording if len(wording) <= WORDING_SHOWN else wording[: WORDING_SHOWN - 1].rstrip() + "…"
