"""Agreement of paired observers, item by item: percent, kappa and AC1, with the rule on what becomes of the item."""

from __future__ import annotations

from collections.abc import Iterator

from survey_server.reports.measure import count_cell, number_cell
from survey_server.reports.observed import Observed
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, Note, Row, Table

COLUMNS = ("pairs", "percent", "kappa", "ac1", "use")


def agreement_tables(study: Study, observed: Observed) -> list[Table]:
    """Agreement of each item; nothing when no encounter was seen by two."""
    t, found = study.t, observed.agreements
    if not found:
        return []
    rows = []
    for item in (item for item in observed.items if item.name in found):
        agreement = found[item.name]
        cells = (
            count_cell(agreement.n),
            Cell(100 * agreement.percent, "percent1", n=agreement.n),
            number_cell(agreement.kappa, "coefficient"),
            number_cell(agreement.ac1, "coefficient"),
            Cell(format="text", text=t[f"agreement.{agreement.quality}"]),
        )
        rows.append(Row(item.name, study.wording(item), cells))
    columns = tuple(Column(key, t[f"agreement.{key}"], left=key == "use") for key in COLUMNS)
    notes = (note("agreement.note"),)
    table = Table(
        "hawthorne.agreement",
        t["agreement.title"],
        columns,
        tuple(rows),
        notes=notes,
        layout="items folded agreement",
        corner=t["head.item"],
    )
    return [table]


def agreement_note(observed: Observed) -> Iterator[Note]:
    """What the table comes to, for the page about the effect of being watched."""
    found = observed.agreements
    if not found:
        return
    weak = sum(1 for agreement in found.values() if agreement.quality in ("dagger", "dropped"))
    cells_of = {"pairs": observed.n_pairs, "items": len(found), "weak": weak}
    yield Note("agreement.lead", {key: Cell(float(count)) for key, count in cells_of.items()})
