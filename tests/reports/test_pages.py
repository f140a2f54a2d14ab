"""The pages: their order and numbers, what each says, and that one that can't be made doesn't take the rest with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from survey_server.problems import BadEstimate
from survey_server.reports import page_order
from survey_server.reports.catalogue import LANGUAGES, get_catalogue
from survey_server.reports.conditions import Words
from survey_server.reports.measure import Pair
from survey_server.reports.outcomes import contact_log
from survey_server.reports.page_order import ORDER
from survey_server.reports.pages.decision import sign_of
from survey_server.reports.pages.outcome_places import place_table
from survey_server.reports.questionnaire import Choice, Item
from survey_server.reports.registers.forms import CONTACTS
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study
from survey_server.reports.value import Lines, Page, Table
from survey_server.reports.wave_data import ProgrammeInfo, WaveData, WaveInfo
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary
from survey_server.xlsform.registry import Indicator
from tests.reports.registers import compiled

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]


def page(summary: WaveSummary, page_id: str) -> Page:
    return next(page for page in summary.pages if page.id == page_id)


def table(summary: WaveSummary, table_id: str) -> Table:
    return next(table for table in summary.tables() if table.id == table_id)


def test_it_draws_or_names_every_page_of_the_standard_order(summary: WaveSummary) -> None:
    numbers = [place.number for place in ORDER]
    assert numbers == [
        *("2", "3", "4–6", "7–8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20"),
        *("G", "A1", "A2", "A3"),
    ]
    met = {page.number for page in (*summary.pages, *summary.left_out)}
    assert met == set(numbers)
    assert all(page.reason.rule.startswith("left_out.") for page in summary.left_out)


def test_it_makes_the_rest_when_a_page_stumbles_over_the_data(waves: Waves, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(study: Study) -> Page:
        raise BadEstimate("the margins don't match")

    order = tuple(replace(place, build=stumble) if place.key == "border" else place for place in ORDER)
    monkeypatch.setattr(page_order, "ORDER", order)
    summary = build_wave_summary(*waves, "en")
    left = next(page for page in summary.left_out if page.id == "border")
    assert left.reason.words["reason"] == "the margins don't match"
    assert page(summary, "glance")


def test_it_has_one_row_in_the_framework_for_every_expected_result(summary: WaveSummary, waves: Waves) -> None:
    tables = [each for each in summary.tables() if each.id in ("framework", "framework.registers")]
    rows = [row.key for each in tables for row in each.rows if row.kind != "section"]
    expected = [i.code for data in waves[2] for i in data.registry.indicators if i.level != "context"]
    assert sorted(rows) == sorted(expected)


def test_it_says_how_much_of_the_way_to_the_target_was_covered(summary: WaveSummary) -> None:
    framework = table(summary, "framework")
    before, after = (framework.cell("X01", key).value for key in ("before", "after"))
    assert before is not None
    assert after is not None
    assert framework.cell("X01", "target").value == 70
    assert framework.cell("X01", "distance").value == pytest.approx(100 * (after - before) / (70 - before))
    assert framework.cell("X02", "target").mark == "default"


def test_it_never_decides_but_lays_out_the_blanks(summary: WaveSummary) -> None:
    decision = page(summary, "decision")
    blanks = next(block for block in decision.blocks if isinstance(block, Lines))
    assert len(blanks.labels) == 8
    gate = table(summary, "decision.evidence").rows[-1]
    assert gate.key == "gate"
    assert gate.cells[0].text.startswith("☐")


@pytest.mark.parametrize(
    ("improved", "worsened", "tested", "grade", "sign"),
    [
        (1, 0, 3, "A", "up"),
        (0, 1, 3, "A", "down"),
        (1, 1, 3, "A", "same"),
        (0, 0, 3, "C", "same"),
        (0, 0, 0, "A", "unknown"),
        (2, 0, 3, "D", "unknown"),
    ],
)
def test_it_gives_a_row_of_evidence_its_sign(improved: int, worsened: int, tested: int, grade: str, sign: str) -> None:
    assert sign_of(improved, worsened, tested, grade) == sign


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_explains_itself_with_an_example_of_its_own(waves: Waves, language: str) -> None:
    guide = page(build_wave_summary(*waves, language), "guide")
    text = " ".join(get_catalogue(language).write(note) for b in guide.blocks for note in getattr(b, "notes", ()))
    assert {"es": "Seguro de noche", "en": "Safe at night", "fr": "Seguro de noche"}[language] in text


def _third(waves: Waves, wording_changed: bool) -> tuple[list[WaveData], list[WaveData], list[list[WaveData]]]:
    """Three waves: the first two as they are, the third a copy of the second."""
    _, before, after = waves
    info = WaveInfo("Ola 3", 3, state="locked")
    third = replace(after[0], wave=info)
    if not wording_changed:
        third = replace(third, questionnaires=before[0].questionnaires)
    return before[:1], [third], [[after[0]]]


def test_it_draws_trends_from_three_waves_on_and_stops_where_a_question_changed(waves: Waves) -> None:
    before, after, between = _third(waves, wording_changed=True)
    summary = build_wave_summary(waves[0], before, after, "es", between=between)
    trends = table(summary, "trends.small")
    assert [column.label for column in trends.columns] == ["Ola 1", "Ola 2", "Ola 3"]
    marks = {row.key: [cell.mark for cell in row.cells] for row in trends.rows}
    assert marks["X01"][1] != "broken"
    assert marks["X03"] == ["", "broken", marks["X03"][2]]
    assert page(summary, "trends").number == "2"


def test_it_tests_whether_the_areas_drew_apart_before(waves: Waves) -> None:
    before, after, between = _third(waves, wording_changed=True)
    summary = build_wave_summary(waves[0], before, after, "es", between=between)
    event = table(summary, "comparison.event.small")
    reference = event.cell("X01", "w2")
    assert reference.value == 0
    assert event.cell("X01", "pre.mark").value is not None


def test_it_shows_how_alike_the_areas_were_before(summary: WaveSummary) -> None:
    balance = table(summary, "comparison.balance.small")
    assert "X01" in [row.key for row in balance.rows]
    assert all(abs(row.cells[2].value or 0) < 3 for row in balance.rows)


def test_it_sets_the_waves_in_order_whichever_is_named_first(waves: Waves) -> None:
    programme, before, after = waves
    summary = build_wave_summary(programme, after, before, "es")
    assert summary.waves == ("Ola 1", "Ola 2")
    assert summary.report_id == build_wave_summary(programme, before, after, "es").report_id


def _with(data: WaveData, *more: Indicator, **columns: object) -> WaveData:
    registry = replace(data.registry, indicators=(*data.registry.indicators, *more))
    return replace(data, registry=registry, frame=data.frame.assign(**columns))


def _contacts(waves: Waves) -> Study:
    """A contact log: 4 complete, 2 refused, 1 not home, 1 unsafe, 1 empty; one dwelling was visited twice."""
    frame = pd.DataFrame(
        [
            *({"psu": "P1", "dwelling": place, "disp": "11", "subst": "0"} for place in range(1, 5)),
            {"psu": "P1", "dwelling": 4, "disp": "24", "subst": "0"},
            {"psu": "P1", "dwelling": 5, "disp": "21", "subst": "0"},
            {"psu": "P1", "dwelling": 6, "disp": "22", "subst": "2"},
            {"psu": "P2", "dwelling": 1, "disp": "24", "subst": "0"},
            {"psu": "P2", "dwelling": 2, "disp": "31", "subst": "0"},
            {"psu": "P2", "dwelling": 3, "disp": "41", "subst": "0"},
        ]
    ).assign(wave="2", _id=[str(place) for place in range(10)])
    log = replace(waves[2][0], form_id=CONTACTS, frame=frame, registry=replace(waves[2][0].registry, design=()))
    samples = [Sample(data) for data in (waves[1][0], waves[2][0])]
    return Study(waves[0], (Pair(*samples),), get_catalogue("es"), {CONTACTS: Sample(log)})


def test_it_counts_the_best_outcome_of_each_dwelling(waves: Waves) -> None:
    study = _contacts(waves)
    log = contact_log(study, study.after_wave)
    assert log is not None
    assert (log.dwellings, log.visits, log.substituted, log.unsafe) == (9, 10, 1, 1)
    assert log.outcomes.complete == 4
    assert log.rates.rr1 == pytest.approx(4 / 8)
    assert log.rates.coop1 == pytest.approx(4 / 6)
    assert log.rates.e == pytest.approx(7 / 8)
    assert contact_log(study, WaveInfo("Ola 9", 9)) is None
    assert log.reasons == {"2": 1}


def test_it_says_who_answered_by_stratum_tier_and_department_and_where_nobody_could_go(waves: Waves) -> None:
    dwellings = [("P1", place, "11") for place in range(20)] + [("P1", 20 + place, "22") for place in range(10)]
    dwellings += [("P2", 1, "11"), ("P2", 2, "31"), ("P3", 1, "31"), ("P3", 2, "24")]
    frame = pd.DataFrame(dwellings, columns=["psu", "dwelling", "disp"]).assign(wave="2", subst="0")
    places = frame["psu"].map({"P1": ("norte", 1.0, "GT17"), "P2": ("sur", 3.0, "GT01"), "P3": ("sur", 3.0, "GT17")})
    frame[["site.stratum", "site.risk_tier", "site.department"]] = pd.DataFrame(places.tolist())
    _, registry = compiled(CONTACTS)
    log = replace(waves[2][0], form_id=CONTACTS, frame=frame.assign(_id=frame.index.astype(str)), registry=registry)
    pair = Pair(*(Sample(data) for data in (waves[1][0], waves[2][0])))
    study = Study(waves[0], (pair,), get_catalogue("es"), {CONTACTS: Sample(log)})
    told = next(iter(place_table(study, pair)))
    assert [row.key for row in told.rows if row.kind == "section"] == [
        *("site.stratum", "site.risk_tier", "site.department"),
    ]
    assert told.cell("site.stratum=norte", "rr1.after").value == pytest.approx(100 * 20 / 30)
    assert told.cell("site.stratum=sur", "rr1.after").flag == "suppressed"
    for row, counts in {"site.risk_tier=3": (2, 2, 4), "site.department=GT17": (2, 1, 32), "all": (3, 2, 34)}.items():
        assert tuple(told.cell(row, f"{kind}.after").value for kind in ("points", "away", "dwellings")) == counts
    assert told.cell("all", "dwellings.before").value == 0


ITEMS = {
    "often": Item(
        "often",
        "one",
        {"": "How often do you cross?"},
        tuple(
            Choice(code, {"": label}) for code, label in (("0", "Never"), ("1", "Once"), ("2", "Often"), ("88", "DK"))
        ),
    ),
    "age": Item("age", "integer", {"": "How old are you?"}),
    "why": Item("why", "many", {"": "Why not?"}, (Choice("1", {"": "Fear"}),)),
}


def question(name: str) -> list[object]:
    return ["path", ".", ["child", name]]


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ([">=", question("often"), ["num", 1]], "answered “Once” or “Often” to “How often do you cross?”"),
        (
            ["and", [">=", question("often"), ["num", 1]], ["<", question("often"), ["num", 2]]],
            "answered “Once” to “How often do you cross?”",
        ),
        (["!=", question("often"), ["str", "0"]], "answered “Once” or “Often” to “How often do you cross?”"),
        ([">", question("age"), ["num", 17]], "have > 17 in “How old are you?”"),
        (["call", "selected", question("why"), ["str", "1"]], "mentioned “Fear” in “Why not?”"),
        (["call", "not", ["call", "selected", question("why"), ["str", "1"]]], "did not mention “Fear” in “Why not?”"),
        (["=", question("computed"), ["num", 1]], "meet a condition that the form computes"),
        (
            ["or", ["=", question("often"), ["num", 0]], ["=", question("often"), ["num", 2]]],
            "answered “Never” or “Often” to “How often do you cross?”",
        ),
    ],
)
def test_it_says_in_words_who_was_asked(tree: object, words: str) -> None:
    assert Words(ITEMS, get_catalogue("en")).write([tree]) == words


def test_it_joins_conditions_without_codes(waves: Waves) -> None:
    summary = build_wave_summary(*waves, "es")
    base = table(summary, "topline.small.wait").base
    assert base is not None
    assert base.words["condition"] == "contestó «Mujer» a «Sexo»"


def test_it_compares_lists_and_ballots_as_contrasts(waves: Waves) -> None:
    programme, before, after = waves
    rng = np.random.default_rng(5)
    sides = []
    for side, share in ((before[0], 0.10), (after[0], 0.40)):
        long = rng.random(len(side.frame)) < 0.5
        short_count = rng.integers(0, 4, len(side.frame))
        extra = rng.random(len(side.frame)) < share
        contrast = Indicator(
            "S40", {"": "List"}, "outcome", "contrast", "up", "secondary", scale=100.0, unit="%", minimum_change=8.0
        )
        lists = {
            "le_long": np.where(long, (short_count + extra).astype(str), None),
            "le_short": np.where(long, None, short_count.astype(str)),
        }
        sides.append(_with(side, contrast, **lists))
    summary = build_wave_summary(programme, sides[:1], sides[1:], "es")
    change = table(summary, "indicators.small").cell("S40", "change")
    assert change.low is not None
    assert change.high is not None
    assert change.low < 30 < change.high
