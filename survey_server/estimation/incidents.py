"""Incidents made ready for counting: area, kind, month, hour and weekday of each, and which kinds are grave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from survey_server.estimation.events import SMALLEST_SHOWN

GRAVE_TYPES: Final = ("0101", "0102", "0201", "0202", "0204", "0205", "03")
"""Kinds (ICCS sections 01, 02 and 03) that are never published as points, nor in counts under five with their place."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "violent": ("01", "02", "0401"),
    "sexual": ("03",),
    "property": ("04", "05"),
    "drugs": ("06",),
}
GRAVE: Final = ("violent", "sexual")
KEYS: Final = ("area", "type", "month", "hour")


def group_of(kind: str) -> str:
    """The group of an ICCS code: by the longest beginning that is listed."""
    fit = [(len(start), group) for group, starts in GROUPS.items() for start in starts if kind.startswith(start)]
    return max(fit)[1] if fit else "other"


def incident_frame(frame: pd.DataFrame, area: str = "muni", minutes: float = 30.0) -> pd.DataFrame:
    """One row for each incident: area, type, group, month ("2027-01"), hour (0-23), weekday (0 Monday), response.

    The times are those that the clerk wrote down, in local time: what the clock on the wall said.
    """
    when = frame["t_event"].astype(str).str.slice(0, 19)
    moments = pd.to_datetime(when, errors="coerce", format="%Y-%m-%dT%H:%M:%S")
    response = pd.to_numeric(frame["resp_min"], errors="coerce") if "resp_min" in frame.columns else np.nan
    made = pd.DataFrame(
        {
            "area": frame[area].astype(object) if area in frame.columns else None,
            "type": frame["ictype"].astype(object).map(kind_code),
            "month": when.str.slice(0, 7).where(moments.notna()),
            "hour": moments.dt.hour,
            "weekday": moments.dt.weekday,
            "response": response,
        }
    )
    made["group"] = made["type"].map(group_of)
    made["within"] = (made["response"] <= minutes).where(made["response"].notna())
    return made.reset_index(drop=True)


def kind_code(value: object) -> str:
    """An ICCS code as text: leading zeros are part of it, also where a table made a number of it."""
    text = str(value)
    if text.endswith(".0"):
        text = text[:-2]
    return f"0{text}" if len(text) in (1, 3) and text.isdigit() else text


def is_hidden(n: int, kind: str, placed: bool) -> bool:
    """Whether a count may not be told: under five of a grave kind in a named place."""
    return placed and 0 < n < SMALLEST_SHOWN and (kind in GRAVE_TYPES or kind in GRAVE)
