"""The research file: interviews that nobody can be found in, for people outside the programme.

No place below department and stratum (neither named, nor by what all interviews of a site have in common, nor by the
weight that only one site has), ages in bands, rare groups put together, dates by month, no text, no position, no
number of a case or of who asked, no audit; every combination of department, sex, age band, people and schooling is that
of at least five people, and so is every stratum of a department; new numbers in a random order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np
import pandas as pd

from survey_server.exports.plan import Variable
from survey_server.xlsform.registry import Registry

K = 5
RAREST_GROUP = 50
OTHER = "other"
DEPARTMENT, STRATUM = "site.department", "site.stratum"
COLLAPSED = ("ethnic", "language", "lang", "int_lang", "home_lang")
IDENTIFYING = (DEPARTMENT, "sex", "age_grp", "ethnic", "edu")
HIDDEN_FIRST = ("edu", "ethnic", "age_grp", "sex", DEPARTMENT)
"""What is blanked, in this order, where a combination is too rare."""
MOSTLY, FIRST_MISSING = 0.5, 66
AGE_BANDS = (18, 30, 45, 60)
NEVER = ("consent", "psu", "site", "case_id", "pair", "interviewer", "observer", "gps", "withdrawal", "department")
"""Roles of the design whose questions stay behind; the department is there as the site table has it."""
SITE_SIZE = 3.0
"""With fewer interviews at a site, what they have in common says nothing."""
YES = ("1", "yes", "si", "sí")


@dataclass(frozen=True)
class ResearchFile:
    """The anonymous rows, and what had to be hidden for it."""

    frame: pd.DataFrame
    blanked: Mapping[str, int]
    collapsed: Mapping[str, tuple[str, ...]]


def make_research_file(
    frame: pd.DataFrame, variables: Sequence[Variable], registry: Registry, chance: Random
) -> ResearchFile:
    """The file for one wave: `frame` as `db.frames.wave_frame` gives it; only interviews with consent."""
    agreed = _agreed(frame, registry)
    source = frame[agreed].reset_index(drop=True)
    kept = pd.DataFrame(index=source.index)
    for name in (DEPARTMENT, STRATUM):
        if name in source:
            kept[name] = _texts(source[name])
    asked = registry.role("department")
    if asked in source and (DEPARTMENT not in kept or not (kept[DEPARTMENT] != "").any()):
        kept[DEPARTMENT] = _texts(source[asked])
    kept["month"] = pd.to_datetime(source["_collected_on"]).dt.strftime("%Y-%m")
    kept["weight"] = 1.0
    site = _sites(source, registry)
    for variable in variables:
        if variable.key not in source or _names_a_site(source[variable.key], site):
            continue
        if (column := _column(source[variable.key], variable, registry)) is not None:
            kept[variable.name] = column
    if "age" in source and "age_grp" not in kept:
        kept["age_grp"] = _age_bands(source["age"])
    collapsed = {name: _collapse(kept, name) for name in COLLAPSED if name in kept}
    _join_neighbours(kept, HIDDEN_FIRST[0])
    kept, blanked = _anonymous(kept)
    kept["weight"] = _weights(source.loc[kept.index], kept, registry)
    order = list(range(len(kept)))
    chance.shuffle(order)
    shuffled = kept.iloc[order].reset_index(drop=True)
    shuffled.insert(0, "number", np.arange(1, len(shuffled) + 1))
    return ResearchFile(shuffled, blanked, collapsed)


def smallest_group(frame: pd.DataFrame) -> int:
    """How many people share the rarest combination of what could identify them, blanks not told apart."""
    names = [name for name in IDENTIFYING if name in frame]
    return int(_sizes(frame, names).min()) if names and len(frame) else 0


def _agreed(frame: pd.DataFrame, registry: Registry) -> pd.Series:
    column = registry.role("consent")
    if column is None or column not in frame:
        return pd.Series(True, index=frame.index)
    return _texts(frame[column]).str.lower().isin(YES)


def _sites(frame: pd.DataFrame, registry: Registry) -> pd.Series | None:
    """The site of each interview; None where there is too little at each for a comparison."""
    name = registry.role("psu") or registry.role("site")
    if name is None or name not in frame:
        return None
    site = _texts(frame[name])
    return site if site.nunique() > 1 and len(site) / site.nunique() >= SITE_SIZE else None


def _names_a_site(values: pd.Series, site: pd.Series | None) -> bool:
    """Whether answers are the site's own (all the same at each, not everywhere), or number the cases of a site."""
    if site is None:
        return False
    texts = _texts(values)
    given = texts != ""
    each = texts[given].groupby(site[given])
    if not given.any() or len(each) < 2:
        return False
    if (each.nunique() == 1).all():
        return bool(texts[given].nunique() > 1)
    return bool(given.mean() > 0.9 and not pd.DataFrame({"site": site, "value": texts})[given].duplicated().any())


def _weights(source: pd.DataFrame, kept: pd.DataFrame, registry: Registry) -> pd.Series:
    """The weights: those of sites as their mean in what is left of department and stratum, since a site's own weight
    is a name of it; those that each interview has as they are; to three digits."""
    cells = [kept[name] for name in (DEPARTMENT, STRATUM) if name in kept]
    weight = pd.Series(1.0, index=source.index)
    for name in registry.roles("weight"):
        if name in source:
            own = pd.to_numeric(source[name], errors="coerce")
            if name.startswith("site."):
                own = own.groupby(cells).transform("mean") if cells else pd.Series(own.mean(), index=own.index)
            weight *= own
    return weight.map(lambda value: float(f"{value:.3g}"))


def _column(values: pd.Series, variable: Variable, registry: Registry) -> pd.Series | None:
    """The answers as they may go out; None for a question that may not."""
    if variable.key in ("age", *(registry.role(role) for role in NEVER)):
        return None
    if variable.key in registry.codes or (variable.kind in ("one", "many", "rank") and variable.choices):
        return _texts(values)
    if variable.is_number and variable.labels:
        return _without_extremes(pd.to_numeric(values, errors="coerce"))
    if variable.kind == "date" and variable.labels:
        return _texts(values).str.slice(0, 7)
    return None


def _without_extremes(numbers: pd.Series) -> pd.Series:
    """The largest numbers as the largest that at least five people reach."""
    known = np.sort(numbers.dropna().to_numpy(dtype=float))
    return numbers.clip(upper=float(known[-K])) if len(known) >= K else pd.Series(np.nan, index=numbers.index)


def _age_bands(ages: pd.Series) -> pd.Series:
    years = pd.to_numeric(ages, errors="coerce").to_numpy(dtype=float)
    names = [f"-{AGE_BANDS[0] - 1}", *(f"{a}-{b - 1}" for a, b in pairwise(AGE_BANDS))]
    names.append(f"{AGE_BANDS[-1]}+")
    bands = np.array([*names, ""], dtype=object)[np.where(years >= 0, np.digitize(years, AGE_BANDS), len(names))]
    return pd.Series(bands, index=ages.index, dtype=object)


def _collapse(frame: pd.DataFrame, name: str) -> tuple[str, ...]:
    """Put groups of fewer than fifty people together; those that were."""
    counts = frame[name].value_counts()
    rare = tuple(sorted(str(level) for level, count in counts.items() if count < RAREST_GROUP and level != ""))
    if rare:
        frame[name] = frame[name].where(~frame[name].isin(rare), OTHER)
    return rare


def _anonymous(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Blank what makes a row one of fewer than five, one characteristic after the other; how often each was."""
    names = [name for name in IDENTIFYING if name in frame]
    blanked: dict[str, int] = {}
    for name in HIDDEN_FIRST:
        if name not in names:
            continue
        rare = _sizes(frame, names) < K
        hide = rare & (frame[name] != "")
        blanked[name] = int(hide.sum())
        frame.loc[hide, name] = ""
    still = _sizes(frame, names) < K if names else pd.Series(False, index=frame.index)
    left = frame[~still].copy()
    if STRATUM in left:  # of those who are left: a row that goes may have been the fifth
        blanked[STRATUM] = _blank_strata(left)
    blanked["rows"] = int(still.sum())
    return left, blanked


def _blank_strata(frame: pd.DataFrame) -> int:
    """Blank the strata of departments (or all) in which one is that of fewer than five people; of how many rows."""
    place = frame[DEPARTMENT] if DEPARTMENT in frame else pd.Series("", index=frame.index)
    small = frame.groupby([place, STRATUM])[STRATUM].transform("size") < K
    hide = place.isin(place[small]) & (frame[STRATUM] != "")
    frame.loc[hide, STRATUM] = ""
    return int(hide.sum())


def _join_neighbours(frame: pd.DataFrame, name: str) -> None:
    """Put each two neighbouring steps of an ordered answer together, where most of it would have to be blanked."""
    names = [each for each in IDENTIFYING if each in frame]
    if name not in frame or not len(frame) or (_sizes(frame, names) < K).mean() <= MOSTLY:
        return
    steps = sorted({code for code in frame[name] if code.isdigit() and int(code) < FIRST_MISSING}, key=int)
    pairs = {code: "-".join(steps[at - at % 2 : at - at % 2 + 2]) for at, code in enumerate(steps)}
    frame[name] = frame[name].map(lambda code: pairs.get(code, code))


def _sizes(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    return frame.groupby(list(names), dropna=False)[names[0]].transform("size")


def _texts(values: pd.Series) -> pd.Series:
    texts = values.astype(object).where(values.notna(), "")
    return texts.map(lambda value: str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
