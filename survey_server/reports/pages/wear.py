"""What observers still see of a course: the modules taught beside the others, by months since then."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from survey_server.estimation.change import estimate_change
from survey_server.estimation.design import Bools, Design, Floats
from survey_server.estimation.training import months_since
from survey_server.reports.coded import codes_of
from survey_server.reports.measure import Pair, count_cell, estimate_cell
from survey_server.reports.observed import Observed
from survey_server.reports.registers.monthly import plan_of
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, Row, Table

BANDS = ((0, 2), (3, 5), (6, 8), (9, math.inf))
FEWEST = 25
Courses = Mapping[str, tuple[str, tuple[str, ...]]]


def taught_and_seen(study: Study) -> Table:
    """Points by which taught modules are met more than others at the same posts, before and after the courses.

    Taking the other modules of the same encounter as measure leaves out how good a post is, who watched and whether
    the visit was announced. Empty without a plan of courses, two waves, and posts.
    """
    t, courses = study.t, plan_of(study).courses
    rows: list[Row] = []
    for pair in study.observations:
        if courses and pair.before is not None and pair.after.role("site"):
            rows += _bands(Observed(pair), courses)
    heads = (
        Column("posts", t["followup.posts"]),
        Column("n", "n", detail=t["followup.encounters"]),
        Column("before", t["followup.before"]),
        Column("after", t["followup.after"]),
        Column("change", t["head.change"], detail=t["head.interval"]),
    )
    title, corner = t["followup.table.observed"], t["followup.since"]
    notes, layout = (note("followup.observed.note"),), "items observed fixed"
    return Table("followup.observed", title, heads, tuple(rows), notes=notes, layout=layout, corner=corner)


def _bands(observed: Observed, courses: Courses) -> list[Row]:
    """One line for each band of months that any post's course falls in."""
    pair = observed.pair
    assert pair.before is not None
    gaps = [_gap(observed, sample, courses) for sample in pair.samples]
    since = _months(pair, courses)
    rows = []
    for low, high in BANDS:
        posts = sorted(post for post, months in since.items() if low <= months <= high)
        inside = [_at(sample, posts) & ~np.isnan(gap) for sample, gap in zip(pair.samples, gaps, strict=True)]
        if not posts or not all(rows_.any() for rows_ in inside):
            continue
        label = f"{low}+" if high == math.inf else f"{low}–{high:g}"
        n = int(inside[1].sum())
        rows.append(Row(label, label, (count_cell(len(posts)), count_cell(n), *_cells(pair, gaps, inside))))
    return rows


def _cells(pair: Pair, gaps: list[Floats], inside: list[Bools]) -> tuple[Cell, ...]:
    """Both waves and the change, visits being the clusters; nothing where either has too few encounters."""
    if min(int(rows.sum()) for rows in inside) < FEWEST:
        return tuple(Cell(format="pp", flag="suppressed") for _ in range(3))
    waves = [(gap, _visits(sample, rows), rows) for gap, sample, rows in zip(gaps, pair.samples, inside, strict=True)]
    change = estimate_change(waves[0], waves[1])
    sides = (estimate_cell(change.before, "pp"), estimate_cell(change.after, "pp"))
    return (*sides, estimate_cell(change.estimate, "pp", interval=True))


def _visits(sample: Sample, band: Bools) -> Design:
    """A design with visits as clusters, under names that no other wave has; a band's are a stratum of their own.

    How many visits a band gets isn't left to chance: posts are visited by plan.
    """
    names = [sample.codes(name).astype(str) for name in ("visit_no",) if name in sample.frame.columns]
    own = names[0] if names else sample.frame["_id"].astype(str).to_numpy(dtype=object)
    psu = np.array([f"{sample.data.wave.ordinal}:{code}" for code in own], dtype=object)
    return Design(band, psu, None, nest=True)


def _gap(observed: Observed, sample: Sample, courses: Courses) -> Floats:
    """For each encounter the mean of the taught modules' points less that of the others; NaN without both."""
    posts = codes_of(sample.frame, sample.role("site") or "").astype(str)
    scores = {item.name: observed.score(sample, item) for item in observed.items}
    gap = np.full(sample.n, np.nan)
    for post, (_, modules) in courses.items():
        here = posts == post
        if not here.any():
            continue
        means = []
        for wanted in (True, False):
            chosen = [y[here] for name, y in scores.items() if (_module(name) in modules) == wanted]
            grid = np.column_stack(chosen) if chosen else np.full((int(here.sum()), 1), np.nan)
            known = ~np.isnan(grid)
            counts = known.sum(axis=1)
            sums = np.where(known, grid, 0.0).sum(axis=1)
            means.append(np.divide(sums, counts, out=np.full(len(grid), np.nan), where=counts > 0))
        gap[here] = means[0] - means[1]
    return gap


def _module(name: str) -> str:
    """The module of a checklist item, by its name: m4_reason is of module 4."""
    return name.removeprefix("m").partition("_")[0]


def _at(sample: Sample, posts: list[str]) -> Bools:
    found: Bools = np.isin(codes_of(sample.frame, sample.role("site") or "").astype(str), posts)
    return found


def _months(pair: Pair, courses: Courses) -> dict[str, float]:
    """Whole months from each post's course to the middle of the later wave."""
    middle = pair.after.middle_day
    if middle is None:
        return {}
    days = [day for day, _ in courses.values()]
    months = months_since(days, [middle.isoformat()] * len(days))
    return {post: float(count) for post, count in zip(courses, months, strict=True) if not math.isnan(count)}
