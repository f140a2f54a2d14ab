"""Samples: shared out over strata, drawn by a seed that is kept, shown with their probabilities, put to use."""

from __future__ import annotations

import secrets

from flask import redirect, request, url_for

from survey_server.db.field.progress import list_waves
from survey_server.db.field.samples import (
    add_sample,
    comes_out_again,
    find_sample_in_use,
    frame_of,
    get_sample,
    list_samples,
    list_units,
    use_sample,
)
from survey_server.db.models import Wave
from survey_server.db.stamps import check_stamp, stamp_of_values
from survey_server.estimation.sampling import METHODS, RULES, Take, Unit, allocate
from survey_server.problems import BadDesign, BadInput, EditedMeanwhile, NotThere, Problem, UnfitWave
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.tables import csv_file
from survey_server.web.office.typed import asked_number, asked_whole, need_id, several, text, whole


@page("/p/<code>/samples", Right.DESIGN)
def samples_page(visit: Visit) -> Answer:
    """The samples that were drawn, and the plan of another: shared out as asked in the address."""
    return _samples(visit)


@page("/p/<code>/samples", Right.DESIGN, methods=("POST",))
def draw(visit: Visit) -> Answer:
    """Draw a sample and keep it with its seed."""
    try:
        with visit.database.transaction() as session:
            wave = session.get(Wave, (visit.here.id, need_id("wave")))
            if wave is None:
                raise NotThere("There is no such wave.")
            method = text("method", 20)
            units = frame_of(session, visit.here.id, method)
            names = sorted({unit.stratum for unit in frame_of(session, visit.here.id)})
            plan = {
                name: Take(n, whole(f"reserve.{place}") or 0)
                for place, name in enumerate(names)
                if (n := whole(f"n.{place}") or 0)
            }
            if not plan:
                raise BadInput("Nothing is to be drawn.", why="nothing-drawn", field="n")
            seed = text("seed", 60) or secrets.token_hex(4)
            sample = add_sample(session, wave, units, plan, method, seed, actor=visit.login.actor)
    except (BadDesign, BadInput) as problem:
        return _samples(visit, problem)
    return redirect(url_for("office.sample_page", code=visit.here.code, sample_id=sample.id), 303)


@page("/p/<code>/samples/<int:sample_id>", Right.DESIGN)
def sample_page(visit: Visit, sample_id: int) -> Answer:
    """One sample: its units with probabilities and weights, and whether it comes out again."""
    return _sample(visit, sample_id)


@page("/p/<code>/samples/<int:sample_id>/use", Right.DESIGN, methods=("POST",))
def use(visit: Visit, sample_id: int) -> Answer:
    """The wave visits this sample; who chose another one in the meantime isn't overruled unseen."""
    try:
        with visit.database.transaction() as session:
            sample = get_sample(session, visit.here.id, sample_id)
            session.get_one(Wave, (visit.here.id, sample.wave_id), with_for_update=True)
            check_stamp(text("seen"), find_sample_in_use(session, sample))
            use_sample(session, sample, actor=visit.login.actor)
    except (UnfitWave, EditedMeanwhile) as problem:
        return _sample(visit, sample_id, problem)
    return redirect(url_for("office.sample_page", code=visit.here.code, sample_id=sample_id), 303)


@page("/p/<code>/samples/<int:sample_id>.csv", Right.DESIGN)
def sample_file(visit: Visit, sample_id: int) -> Answer:
    """The sample as a table."""
    with reading(visit) as session:
        units = list_units(session, get_sample(session, visit.here.id, sample_id))
    visit.note("export-sample", str(sample_id), rows=len(units))
    heading = ("position", "code", "stratum", "size", "probability", "weight", "reserve")
    rows = [
        (u.position, u.site_code, u.stratum, u.size, u.probability, 1 / u.probability, int(u.reserve)) for u in units
    ]
    return csv_file(f"sample-{sample_id}", heading, rows)


def _samples(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        units = frame_of(session, visit.here.id)
        samples = list_samples(session, visit.here.id)
        waves = list_waves(session, visit.here)
    visit.note("read-design", shown=len(units))
    rule = request.args.get("rule", RULES[0])
    total, reserve = int(asked_number("total", 0)), int(asked_number("reserve", 0))
    lines, fault = _share_out(units, total, reserve, rule if rule in RULES else RULES[0])
    if problem:  # what was typed stays
        lines = [
            {**line, "n": text(f"n.{line['place']}", 9), "reserve": text(f"reserve.{line['place']}", 9)}
            for line in lines
        ]
    response = render(
        "samples.html",
        samples=samples,
        waves=[wave for wave in waves if wave.state == "planned"],
        names={wave.wave_id: f"{wave.name} · {visit.texts.title(wave.titles, wave.form_id)}" for wave in waves},
        lines=lines,
        total=total or "",
        reserve=reserve or "",
        rule=rule,
        rules=RULES,
        methods=METHODS,
        without_size=sum(1 for unit in units if unit.size <= 0),
        chosen=next(iter(several("wave")), None) if problem else asked_whole("wave"),
        method=text("method", 20),
        seed=text("seed", 60),
        problem=problem or fault,
    )
    response.status_code = problem.status if problem else 200
    return response


def _share_out(
    units: list[Unit], total: int, reserve: int, rule: str
) -> tuple[list[dict[str, object]], Problem | None]:
    """A line for each stratum with what the rule gives it."""
    sizes: dict[str, list[float]] = {}
    for unit in sorted(units, key=lambda unit: unit.stratum):
        sizes.setdefault(unit.stratum, []).append(unit.size)
    given: dict[str, int] = {}
    spare: dict[str, int] = {}
    fault: Problem | None = None
    if total and sizes:
        whole_sizes = {name: sum(values) or float(len(values)) for name, values in sizes.items()}
        peopled = any(unit.size > 0 for unit in units)  # then nobody is sent where nobody lives
        counts = {name: sum(size > 0 for size in values) if peopled else len(values) for name, values in sizes.items()}
        try:
            given = allocate(total, whole_sizes, rule, units=counts)
            left = {name: counts[name] - given[name] for name in counts}
            if reserve:
                spare = allocate(min(reserve, sum(left.values())), whole_sizes, rule, units=left, least=0)
        except BadDesign as problem:
            fault = problem
    lines: list[dict[str, object]] = [
        {
            "place": place,
            "name": name,
            "units": len(values),
            "size": sum(values),
            "n": given.get(name, ""),
            "reserve": spare.get(name, ""),
        }
        for place, (name, values) in enumerate(sizes.items())
    ]
    return lines, fault


def _sample(visit: Visit, sample_id: int, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        sample = get_sample(session, visit.here.id, sample_id)
        units = list_units(session, sample)
        again = comes_out_again(session, sample)
        in_use = find_sample_in_use(session, sample)
        wave = session.get_one(Wave, (visit.here.id, sample.wave_id))
    visit.note("read-design", str(sample_id), shown=len(units))
    main = [unit for unit in units if not unit.reserve]
    response = render(
        "sample.html",
        sample=sample,
        units=units,
        again=again,
        in_use=in_use,
        seen=stamp_of_values(in_use),
        wave=wave,
        main=len(main),
        sum_of_weights=sum(1 / unit.probability for unit in main),
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response
