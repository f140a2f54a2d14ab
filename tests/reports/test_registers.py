"""Pages of the registers, rule by rule, on small registers made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from survey_server.problems import UnfitPlan
from survey_server.reports.charts.kinds import draw_chart
from survey_server.reports.pages.admin import build_admin
from survey_server.reports.pages.community import build_community
from survey_server.reports.pages.followup import build_followup
from survey_server.reports.pages.justice import build_justice
from survey_server.reports.pages.reaction import build_reaction
from survey_server.reports.pages.training import build_training
from survey_server.reports.plan import Plan
from survey_server.reports.registers.monthly import Returns, returns_of
from survey_server.reports.sample import Sample
from survey_server.reports.value import Chart, LeftOut
from tests.reports.registers import FLAT, MONTHS, START, page_of, register, returns, study_of, table

RISE_AND_TAPER = [*FLAT[:12], 22.0, 30.0, 36.0, 38.0, 34.0, 28.0, 24.0, 20.0, 18.0, 16.0, 15.0, 14.0]
RISE = [*FLAT[:12], 22.0, 30.0, 36.0, 38.0, 40.0, 41.0, 42.0, 43.0, 42.0, 43.0, 44.0, 45.0]


def test_it_leaves_a_month_that_did_not_come_as_a_gap_in_every_sum() -> None:
    counts: list[float | None] = [*FLAT]
    counts[5] = None
    sample = register("ssr_admin_monthly", returns({"P1": counts, "C1": FLAT}))
    found = Returns(sample, START)
    series = found.series("dead_viol", np.array([True, True]))
    assert np.flatnonzero(np.isnan(series)).tolist() == [5]
    assert found.whole("dead_viol").tolist() == [True, False]  # units in order of their codes: C1, P1
    assert found.totals("dead_viol").months_before == 23


def test_it_counts_the_last_revision_whatever_the_order_of_arrival() -> None:
    rows = returns({"P1": FLAT})
    again = [{**rows[3], "revision": 3.0, "dead_viol": 7.0}, {**rows[3], "revision": 2.0, "dead_viol": 99.0}]
    sample = register("ssr_admin_monthly", [*again, *rows])
    assert sample.superseded == 2
    assert Returns(sample, START).grid("dead_viol")[0, 3] == 7.0


def test_it_takes_minus_88_for_not_known_and_zero_for_zero() -> None:
    sample = register("ssr_admin_monthly", returns({"P1": [-88.0, 0.0, *FLAT[2:]]}))
    grid = Returns(sample, START).grid("dead_viol")
    assert np.isnan(grid[0, 0])
    assert grid[0, 1] == 0


@pytest.mark.parametrize(
    ("programme", "comparison", "rule"),
    [
        (FLAT, FLAT, "reaction.message.A.same"),
        (RISE_AND_TAPER, FLAT, "reaction.message.B"),
        (RISE_AND_TAPER, RISE_AND_TAPER, "reaction.message.B.same"),
        (RISE, FLAT, "reaction.message.C"),
        ([*FLAT[:20], 40.0, 42.0, 41.0, 43.0], FLAT, "reaction.message.D"),
        (FLAT[:18], FLAT[:18], "reaction.message.open.same"),
    ],
)
def test_it_gives_each_class_of_reaction_its_sentence(
    programme: list[float], comparison: list[float], rule: str
) -> None:
    sample = register("ssr_admin_monthly", returns({"P1": programme, "C1": comparison}))
    assert page_of(build_reaction(study_of(admin_monthly=sample))).message.rule == rule


def test_it_does_not_classify_without_twelve_months_before() -> None:
    sample = register("ssr_admin_monthly", returns({"P1": FLAT, "C1": FLAT}))
    page = page_of(build_reaction(study_of({"started": "2025-06"}, admin_monthly=sample)))
    assert page.message.rule == "reaction.message.cannot_classify"


def test_it_names_pages_without_a_register_with_the_reason() -> None:
    empty = study_of()
    built = [build_training(empty), build_followup(empty), build_reaction(empty), build_justice(empty)]
    built += [build_community(empty), *build_admin(empty)]
    assert [one.reason.rule for one in built if isinstance(one, LeftOut)] == [
        f"left_out.no_{key}" for key in ("training", "followup", "reaction", "justice", "community", "admin")
    ]


def test_it_never_adds_up_kilos_and_gives_them_no_interval() -> None:
    sample = register("ssr_admin_monthly", returns({"P1": FLAT}, kg_coc=10.0, kg_can=5.0, seiz_n=2.0))
    page = page_of(next(iter(build_admin(study_of(admin_monthly=sample)))))
    counts = table(page, "admin.counts")
    assert counts.cell("kg_coc", "change").low is None
    assert counts.cell("seiz_n", "change").low is not None
    assert not [row.key for row in counts.rows if row.key in ("kg", "kg_all")]


def session(name: str, date: str, **more: Any) -> dict[str, Any]:
    return {
        "session_id": name,
        "held": "1",
        "s_date": date,
        "lead_id": "TR001",
        "shadow_id": "SH001",
        "tot_min": 100.0,
        "sh_min": 40.0,
        "n_any": 2.0,
        "n_full": 2.0,
        "n_roster": 2.0,
        "is_joint": 0.0,
        "c_total": 1000.0,
        "currency": "GTQ",
        **more,
    }


def courses(*days: tuple[str, str, Sequence[tuple[str, str]]]) -> Sample:
    """Sessions of (date, module, [(person, attendance)])."""
    rows = [session(f"TS{place}", day) for place, (day, _, _) in enumerate(days)]
    ids = [f"ssr_training-{place}" for place in range(len(days))]
    people = [
        {"_id": ids[place], "p_code": code, "p_att": seen, "p_inst": "1", "p_sex": "1", "p_pre": 40.0, "p_post": 60.0}
        for place, (_, _, roster) in enumerate(days)
        for code, seen in roster
    ]
    blocks = [{"_id": one, "b_module": module, "b_level": "4"} for one, (_, module, _) in zip(ids, days, strict=True)]
    return register("ssr_training", rows, {"att": people, "block": blocks})


PLANNED = {
    "started": "2026-01",
    "target": 10,
    "required_modules": ["1", "2"],
    "national_share": {"2026-01": 0.4, "2026-02": 0.6, "2026-03": 0.8},
    "budget": 1000,
    "currency": "CAD",
    "rates": {"GTQ": 0.2},
}


def test_it_counts_a_person_once_and_only_with_every_required_module() -> None:
    sample = courses(
        ("2026-01-10", "1", [("A", "1"), ("B", "1"), ("C", "1")]),
        ("2026-01-11", "2", [("A", "1"), ("B", "2"), ("C", "1")]),
        ("2026-02-11", "2", [("A", "1")]),
    )
    page = page_of(build_training(study_of(PLANNED, training=sample)))
    assert table(page, "training.summary").cell("trained", "value").value == 2
    assert table(page, "training.cumulative").cell("2026-01", "trained").value == 2


def test_it_turns_red_after_two_months_ten_points_short() -> None:
    sample = courses(*((f"2026-0{month}-10", "1", [("A", "1")]) for month in (1, 2, 3)))
    page = page_of(build_training(study_of(PLANNED, training=sample)))
    marks = [row.cells[2].mark for row in table(page, "training.taper").rows]
    assert marks == ["", "", "worsened"]
    assert page.message.rule == "training.message.target.behind"


def test_it_says_what_a_course_cost_in_the_plan_s_money_cancelled_ones_too() -> None:
    sample = courses(("2026-01-10", "1", [("A", "1"), ("B", "1")]), ("2026-01-11", "2", [("A", "1"), ("B", "1")]))
    money = table(page_of(build_training(study_of(PLANNED, training=sample))), "training.money")
    assert money.cell("spent", "value").value == pytest.approx(400)
    assert money.cell("per_completer", "value").value == pytest.approx(200)


def test_it_does_not_guess_a_rate_of_exchange() -> None:
    sample = courses(("2026-01-10", "1", [("A", "1")]))
    page = page_of(build_training(study_of({**PLANNED, "rates": {}}, training=sample)))
    assert table(page, "training.money").cell("spent", "value").value is None


def followed(n: int, when: str = "1", **more: str) -> list[dict[str, Any]]:
    answers = {f"use_m{module}": "4" for module in range(1, 10)}
    fixed = {"fu_when": when, "same_job": "1", "consent": "1", "k_score": 80.0, "clim_report": "1", "sup_super": "1"}
    return [{"p_code": f"PT{place:06d}", **fixed, **answers, **more} for place in range(n)]


def test_it_never_shows_a_group_of_fewer_than_ten_officers() -> None:
    sample = register("ssr_followup", [*followed(9), *followed(10, "3"), *followed(60, "6")])
    use = table(page_of(build_followup(study_of(followup=sample))), "followup.use")
    assert [cell.flag for cell in use.rows[0].cells] == ["suppressed", "bracketed", ""]
    assert use.rows[0].cells[0].value is None


def test_it_needs_fifty_answers_on_the_climate() -> None:
    support = table(
        page_of(build_followup(study_of(followup=register("ssr_followup", followed(49))))), "followup.support"
    )
    assert support.cell("clim_report", "share").flag == "suppressed"
    assert support.cell("sup_super", "share").value is not None


def test_it_counts_those_not_found_as_lost() -> None:
    rows = [*followed(15), *followed(5, same_job="5", consent="0")]
    traced = table(page_of(build_followup(study_of(followup=register("ssr_followup", rows)))), "followup.traced")
    assert traced.cell("found", "1").value == 75
    assert traced.cell("still", "1").value == 75


def books(
    unit: str, start: int, flow: Sequence[tuple[int, int]], off: Mapping[int, int] | None = None
) -> list[dict[str, Any]]:
    rows, stock = [], start
    for place, (came, went) in enumerate(flow):
        left = stock + came - went + (off or {}).get(place, 0)
        numbers = {"incoming": came, "disposed": went, "open_start": stock, "open_end": left, "charged": came // 2}
        more = {"to_trial": 1, "conv": 4, "acq": 1, "pretrial": left // 3, "over1y": left // 2, "med_days": 300}
        rows.append({"unit": unit, "month": f"{MONTHS[place]}-01", "revision": 1.0, **numbers, **more})
        stock = left
    return rows


def test_it_says_whether_the_backlog_grew_and_lists_books_that_do_not_add_up() -> None:
    flow = [(10, 8)] * 12 + [(10, 12)] * 12
    page = page_of(build_justice(study_of(justice=register("ssr_justice", books("J1", 100, flow, {15: 3})))))
    assert table(page, "justice.flow").cell("clearance", "before").value == pytest.approx(80)
    assert table(page, "justice.flow").cell("clearance", "after").value == pytest.approx(120)
    assert [row.key for row in table(page, "justice.gaps").rows] == [f"J1.{MONTHS[15]}"]
    assert page.message.rule == "justice.message.shrank"


def test_it_keeps_points_that_could_put_somebody_at_risk_out() -> None:
    meetings = [
        {
            "cmt_id": "CM0001",
            "m_date": "2026-01-10",
            "n_items": 2.0,
            "prev_open": 0.0,
            "mood": "1",
            "mood_pol": "1",
            "grp_ok": "1",
            "n_att": 9.0,
        }
    ]
    point = {
        "_id": "ssr_committee-0",
        "v_kind": "1",
        "v_theme": "1",
        "v_urg": "1",
        "v_status": "3",
        "v_due": "2026-01-10",
    }
    points = [{**point, "v_sens": "0", "v_text": "a"}, {**point, "v_sens": "1", "v_text": "SECRETO"}]
    page = page_of(build_community(study_of(committee=register("ssr_committee", meetings, {"item": points}))))
    assert table(page, "community.points").cell("1", "all").value == 1
    assert table(page, "community.committees").cell("restricted", "value").value == 1
    assert "SECRETO" not in repr(page)


def test_it_draws_a_gap_as_a_broken_line() -> None:
    counts: list[float | None] = [*FLAT]
    counts[5] = None
    study = study_of(admin_monthly=register("ssr_admin_monthly", returns({"P1": counts}, rep_viol=4.0)))
    page = page_of(next(iter(build_admin(study))))
    chart = next(block for block in page.parts if isinstance(block, Chart) and block.id == "admin.units")
    assert draw_chart(chart, study.t).count('stroke-linejoin="round"') == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"goal": 3},
        {"started": "January"},
        {"trained": {"2026": 3}},
        {"rates": [1]},
        {"required_modules": "1"},
        {"starts": {"GT17": "x"}},
        {"target": "many"},
    ],
)
def test_it_says_what_a_plan_can_not_have(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnfitPlan, match=next(iter(wrong))):
        Plan.of(wrong)


def test_it_reads_returns_only_from_forms_that_say_unit_and_month() -> None:
    assert returns_of(study_of(), "ssr_admin_monthly") is None
