"""What a decision rests on is read back from the report that was printed, whatever its page looks like."""

from __future__ import annotations

from collections.abc import Callable

from survey_server.reports.decision_evidence import OUTCOMES, read_evidence
from survey_server.reports.document import render_json
from survey_server.reports.pages.decision import EVIDENCE, GATE
from survey_server.reports.wave_summary import WaveSummary


def test_it_reads_every_row_and_reading_of_the_decision_page_back(summary: WaveSummary) -> None:
    evidence = read_evidence(render_json(summary))
    assert evidence["data_hash"] == summary.data_hash
    rows = {row["key"]: row for row in evidence["rows"]}
    assert set(rows) >= {*EVIDENCE, GATE}
    assert {key for key, row in rows.items() if row["outcome"]} == set(OUTCOMES)
    assert all(row["label"] and row["sign"] for row in rows.values())
    assert {row["key"] for row in evidence["readings"]} == {"expand", "extend", "adjust", "pause"}
    assert all(row["rule"] and row["met"] for row in evidence["readings"])


def test_it_rests_on_the_same_figures_in_every_language(build: Callable[..., WaveSummary]) -> None:
    spanish, english = (read_evidence(render_json(build(language))) for language in ("es", "en"))
    assert spanish["data_hash"] == english["data_hash"]
    assert [row["mark"] for row in spanish["rows"]] == [row["mark"] for row in english["rows"]]
    assert spanish["rows"][0]["label"] != english["rows"][0]["label"]


def test_it_finds_nothing_in_a_report_without_such_a_page() -> None:
    evidence = read_evidence(b'{"report_id": "R", "data_hash": "h", "pages": [{"id": "cover"}]}')
    assert (evidence["rows"], evidence["readings"], evidence["data_hash"]) == ([], [], "h")
