"""What a page must show, or the line that says why it doesn't: approvals, plans, donors, levels, silent choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from survey_server.reports.catalogue import get_catalogue
from survey_server.reports.conditions import Words
from survey_server.reports.pages.quality import study_grade
from survey_server.reports.pages.training import build_training
from survey_server.reports.questionnaire import Choice, Item
from survey_server.reports.value import Chart, Column, Page, Table
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary
from tests.reports.registers import FLAT, MONTHS, page_of, register, returns, study_of, table

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]
Change = Callable[[WaveData], WaveData]


def rebuilt(waves: Waves, change: Change, plan: dict[str, object] | None = None, language: str = "en") -> WaveSummary:
    """The report on the waves after a change to each of them, under a plan."""
    programme = replace(waves[0], plan=plan or {})
    return build_wave_summary(programme, *([change(data) for data in side] for side in waves[1:]), language)


def sentences(summary: WaveSummary, rule: str) -> list[str]:
    """Every sentence by this rule, as it is printed."""
    catalogue = get_catalogue(summary.language)
    return [catalogue.write(note) for _, note in summary.notes() if note.rule == rule]


def page(summary: WaveSummary, name: str) -> Page:
    return next(page for page in summary.pages if page.id == name)


def test_it_names_the_ethics_approval_that_the_waves_rest_on(waves: Waves, build: Callable[..., WaveSummary]) -> None:
    approved = rebuilt(waves, lambda data: replace(data, wave=replace(data.wave, ethics=("CE-12 (2026-01-09)",))))
    assert sentences(approved, "method.ethics") == ["Ethics approval: CE-12 (2026-01-09)."]
    assert len(sentences(build("en"), "method.no_ethics")) == 1


def test_it_sets_the_modes_of_observation_beside_the_plan(waves: Waves, build: Callable[..., WaveSummary]) -> None:
    planned = rebuilt(waves, lambda data: data, {"modes": {"1": 0.25, "3": 0.75}})
    mix = table(page(planned, "hawthorne"), "hawthorne.mix")
    assert [mix.cell(mode, "planned").value for mode in "123"] == [25.0, 0.0, 75.0]
    assert len(sentences(build("en"), "hawthorne.mix.unplanned")) == 1


def test_it_says_in_how_many_comparison_points_another_donor_works(
    waves: Waves, build: Callable[..., WaveSummary]
) -> None:
    def helped(data: WaveData) -> WaveData:
        if data.form_id != "small":
            return data
        at_first = data.frame["psu"].isin(["P01", "P03", "P02"])
        return replace(data, frame=data.frame.assign(**{"site.donor": at_first.map({True: "ACNUR", False: "no"})}))

    assert sentences(rebuilt(waves, helped), "evidence.donor") == [
        "Another donor active: 10.0% of the comparison points."
    ]
    assert len(sentences(build("en"), "evidence.no_donor")) == 1


def test_it_names_the_choices_that_nobody_took_and_counts_many_of_them(waves: Waves) -> None:
    def silent(data: WaveData) -> WaveData:
        return replace(data, frame=data.frame.assign(avoid="0")) if data.form_id == "small" else data

    summary = rebuilt(waves, silent)
    assert sentences(summary, "toplines.unnamed") == ["Nobody answered: Going out; Travelling."]
    question = next(each for each in summary.tables() if each.id == "topline.small.avoid")
    assert [row.key for row in question.rows] == ["0", "n"]


def test_it_says_from_where_to_where_when_several_choices_in_a_row_lead_on() -> None:
    labels = ["Never", "Once", "Twice", "Often", "Daily"]
    item = Item("often", "one", {"": "How often?"}, tuple(Choice(str(n), {"": name}) for n, name in enumerate(labels)))
    tree = [">=", ["path", ".", ["child", "often"]], ["num", 1]]
    written = Words({"often": item}, get_catalogue("en")).write([tree])
    assert written == "answered from “Once” up to “Daily” to “How often?”"


def test_it_gives_the_versions_their_days_and_languages(waves: Waves) -> None:
    used = rebuilt(waves, lambda data: replace(data, frame=data.frame.assign(_version=data.questionnaire.version)))
    told = sentences(used, "versions.used")
    assert len(told) == 2
    assert all("Ola 1: " in one and "2026-02-" in one for one in told)


@pytest.mark.parametrize(("units_with_returns", "grade"), [(1, "D"), (4, "A")])
def test_it_grades_d_when_under_three_in_five_returns_came(units_with_returns: int, grade: str) -> None:
    every = {f"C{place}": FLAT if place < units_with_returns else [FLAT[0]] for place in range(4)}
    study = study_of(admin_monthly=register("ssr_admin_monthly", returns(every)))
    assert study_grade(study) == grade


def test_it_counts_national_trainers_by_the_highest_level_they_reached() -> None:
    session = {"session_id": "S1", "held": "1", "s_date": f"{MONTHS[13]}-10", "tot_min": 240, "sh_min": 60}
    session |= {"n_any": 2, "n_full": 2, "n_roster": 2, "lead_id": "TR001", "shadow_id": "SH001"}
    session |= {"is_joint": "0", "c_total": 100.0, "currency": "CAD", "venue": "V1"}
    other = {**session, "session_id": "S2", "shadow_id": "SH002"}
    people = [
        {"_id": f"ssr_training-{n}", "p_code": f"P{n}", "p_att": "1", "p_sex": "1", "p_inst": "1"} for n in (0, 1)
    ]
    people = [{**person, "p_pre": 40, "p_post": 60, "p_full": "1"} for person in people]
    blocks = [
        {"_id": "ssr_training-0", "b_module": "1", "b_level": 2, "b_min": 120},
        {"_id": "ssr_training-0", "b_module": "2", "b_level": 4, "b_min": 120},
        {"_id": "ssr_training-1", "b_module": "1", "b_level": 2, "b_min": 120},
    ]
    sample = register("ssr_training", [session, other], {"att": people, "block": blocks})
    levels = table(page_of(build_training(study_of(training=sample))), "training.levels")
    assert {row.key: row.cells[0].value for row in levels.rows} == {"2": 1, "4": 1}


def test_it_heads_a_plot_by_its_table_unless_the_plot_says_it_already() -> None:
    bare = Table("t", "Deaths", (Column("a", "Programme"), Column("b", "Comparison")), ())
    named = Table("t", "Deaths", (Column("a", "Programme", "Deaths"),), ())
    assert [Chart("c", "months", each, "").heading for each in (bare, named)] == ["Deaths", ""]
    assert Chart("c", "slope", bare, "").heading == ""
