"""The report finds what was planted in the demo programme, and nothing that isn't there."""

from survey_server.demo.observation import HAWTHORNE_GAP
from survey_server.demo.perception import FABRICATOR, RISE_IN_SAFETY
from survey_server.demo.programme import REPEATED_UPLOADS
from survey_server.reports.value import Headlines
from survey_server.reports.wave_summary import WaveSummary
from tests.demo.conftest import Figures

PLANTED = "S02"
REPORTED, VICTIMS = "S12", "S09"
REWORDED = "S30"


def verdicts(summary: WaveSummary) -> dict[str, str]:
    """The verdict's word of each headline indicator."""
    tables = [block.table for page in summary.pages for block in page.blocks if isinstance(block, Headlines)]
    return {row.key: row.cells[-1].text for row in tables[0].rows}


def test_it_has_two_waves_of_1200_interviews_and_300_encounters(figures: Figures) -> None:
    for wave in ("before", "after"):
        assert figures.number("cover.facts", "ssr_perception.survey.n", wave) == 1200
        assert figures.number("cover.facts", "ssr_observer.observation.n", wave) == 300


def test_it_finds_the_rise_in_safety_in_the_programme_areas(figures: Figures) -> None:
    low, high = figures.interval("comparison.did", PLANTED, "did")
    assert 0 < low <= RISE_IN_SAFETY <= high


def test_it_says_that_safety_improved(summary: WaveSummary) -> None:
    assert verdicts(summary)[PLANTED].startswith("Mejoró")


def test_it_finds_more_reporting_and_fewer_victims(summary: WaveSummary, figures: Figures) -> None:
    assert verdicts(summary)[REPORTED].startswith("Mejoró")
    assert figures.interval("glance.headlines", VICTIMS, "change")[1] < 0


def test_it_claims_no_other_change(summary: WaveSummary) -> None:
    others = {code: word for code, word in verdicts(summary).items() if code not in (PLANTED, REPORTED, VICTIMS)}
    assert {code for code, word in others.items() if word.startswith(("Mejoró", "Empeoró"))} == set()


def test_it_does_not_compare_the_question_that_was_reworded(summary: WaveSummary) -> None:
    assert verdicts(summary)[REWORDED].startswith("No comparable")


def test_it_measures_the_hawthorne_gap(figures: Figures) -> None:
    for wave in ("before", "after", "both"):
        low, high = figures.interval("hawthorne.modes", "gap", wave)
        assert 0 < low <= HAWTHORNE_GAP <= high


def test_it_shows_who_makes_interviews_up(summary: WaveSummary, figures: Figures) -> None:
    said = [note.words["code"] for _, note in summary.notes() if note.rule == "quality.interviewer"]
    assert set(said) == {FABRICATOR}
    assert figures.number("quality.interviewers.ssr_perception.after", FABRICATOR, "straight") == 100


def test_it_counts_the_uploads_that_came_twice_once(figures: Figures) -> None:
    assert figures.number("quality.sync.ssr_perception", "repeats", "after") == REPEATED_UPLOADS


def test_it_says_demo_first(summary: WaveSummary) -> None:
    assert summary.programme.demo


def test_it_finds_one_difference_between_programme_and_comparison_areas(figures: Figures) -> None:
    rows = {row for table, row, column in figures.rows if table == "comparison.did" and column == "p_adjusted"}
    assert {row for row in rows if figures.number("comparison.did", row, "p_adjusted") < 0.05} == {PLANTED}
