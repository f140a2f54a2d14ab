"""The planner: what a sample can tell, before anybody goes to the field. Works without a script."""

from __future__ import annotations

from dataclasses import replace

from survey_server.estimation.planning import SamplePlan, interviews_needed
from survey_server.problems import BadDesign, Problem
from survey_server.web.office.frame import Answer, Visit, page, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import asked_number

SIZES = (200, 400, 1250, 2500, 5000, 10000)


@page("/p/<code>/planner", Right.PROGRESS)
def planner_page(visit: Visit) -> Answer:
    """The table of sizes for the design in the address, the asked size among them, and what a change would need."""
    asked = {
        "interviews": asked_number("interviews", 1250),
        "per_psu": asked_number("per_psu", 10),
        "icc": asked_number("icc", 0.06),
        "weight_factor": asked_number("weight_factor", 1.15),
        "overlap": asked_number("overlap", 0.6),
        "share": asked_number("share", 50),
        "sd": asked_number("sd", 0),
        "change": asked_number("change", 5),
    }
    problem: Problem | None = None
    try:
        plan = _plan(asked)
        unit = 100 if plan.sd is None else 1
        needed = {
            (same, arms): interviews_needed(plan, asked["change"] / unit, same_psus=same, arms=arms)
            for same in (False, True)
            for arms in (False, True)
        }
    except BadDesign as fault:
        problem, plan, unit, needed = fault, SamplePlan(1250), 100, {}
    sizes = sorted({*SIZES, plan.interviews}) if problem is None else sorted(SIZES)
    lines = [replace(plan, interviews=n, per_psu=min(plan.per_psu, n), sd=plan.sd) for n in sizes if n >= plan.per_psu]
    response = render(
        "planner.html",
        asked=asked,
        plan=plan,
        lines=lines,
        unit=unit,
        needed=needed,
        problem=problem,
        digits=1 if unit == 100 else 2,
    )
    response.status_code = 422 if problem else 200
    return response


def _plan(asked: dict[str, float]) -> SamplePlan:
    return SamplePlan(
        interviews=round(asked["interviews"]),
        per_psu=asked["per_psu"],
        icc=asked["icc"],
        weight_factor=asked["weight_factor"],
        overlap=asked["overlap"],
        share=asked["share"] / 100,
        sd=asked["sd"] or None,
    )
