"""Posts as a funnel: each by its number of encounters, without names and without ranks; full edition only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from survey_server.estimation.suppression import flag_for_post
from survey_server.reports.measure import count_cell
from survey_server.reports.observed import Observed
from survey_server.reports.study import Study
from survey_server.reports.value import Cell, Chart, Column, Note, Row, Table

FEWEST_POSTS = 5


def post_blocks(study: Study, observed: Observed) -> Iterator[Chart]:
    """The funnel of the later wave's unannounced encounters; nothing with fewer than five posts to show."""
    index, sample = observed.index, observed.pair.after
    place, officer = sample.role("psu") or sample.role("site"), sample.role("officer")
    if index is None or place is None:
        return
    values = sample.values(index) * index.scale
    frame = pd.DataFrame({"post": sample.codes(place), "y": values, "officer": sample.codes(officer or "")})
    frame = frame[~np.isnan(values)]
    posts = frame.groupby("post", sort=True).agg(n=("y", "size"), value=("y", "mean"), officers=("officer", "nunique"))
    posts = posts.sort_values("n", ascending=False, kind="stable")  # by size: never by value
    known = officer is not None and bool(posts["officers"].sum())
    flags = [flag_for_post(row.n, row.officers if known else row.n) for row in posts.itertuples()]
    if flags.count("") < FEWEST_POSTS:
        return
    within = frame["y"] - frame.groupby("post")["y"].transform("mean")
    spread = float(np.sqrt((within**2).sum() / max(len(frame) - len(posts), 1)))
    rows = [
        _row(place_, row.n, row.value, flag)
        for place_, (row, flag) in enumerate(zip(posts.itertuples(), flags, strict=True), 1)
    ]
    level = float(frame["y"].mean())
    total = Row(
        "all",
        study.t["posts.all"],
        (Cell(level, "index", n=len(frame)), count_cell(len(frame)), Cell(spread, "index")),
        "total",
    )
    columns = (
        Column("value", study.t["hawthorne.index"]),
        Column("n", study.t["posts.encounters"]),
        Column("spread", study.t["posts.spread"]),
    )
    table = Table("compliance.posts", study.t["posts.title"], columns, (*rows, total), audience="full")
    limits = [1.96 * spread / np.sqrt(row.n) for row in posts.itertuples()]
    outside = sum(
        1
        for row, reach, flag in zip(posts.itertuples(), limits, flags, strict=True)
        if not flag and abs(row.value - level) > reach
    )
    cells = {
        "posts": Cell(float(flags.count(""))),
        "outside": Cell(float(outside)),
        "hidden": Cell(float(len(flags) - flags.count(""))),
    }
    caption = Note("posts.caption" if known else "posts.caption.unnamed", cells)
    yield Chart("compliance-posts", "funnel", table, study.t["posts.alt"], caption=caption, size="half")


def _row(number: int, n: int, value: float, flag: str) -> Row:
    shown = Cell(value, "index", n=n) if not flag else Cell(format="index", n=n, flag="suppressed")
    return Row(f"post{number}", f"{number}", (shown, count_cell(n), Cell()))
