"""From an indicator's unit to how its value and its change are printed."""

from __future__ import annotations

from survey_server.reports.value import Format
from survey_server.xlsform.registry import Indicator


def value_format(indicator: Indicator) -> Format:
    """One decimal for percentages and points, two on a short scale."""
    if indicator.unit in ("%", "pp"):
        return "percent1"
    if indicator.unit in ("min", "min."):
        return "minutes"
    return "mean" if _is_short_scale(indicator) else "index"


def change_format(indicator: Indicator) -> Format:
    """Changes carry a sign; two decimals on a short scale."""
    return "change" if _is_short_scale(indicator) else "pp"


def unit_range(indicator: Indicator) -> tuple[float, float]:
    """The ends of the axis on which the indicator is drawn."""
    low, _, high = indicator.unit.replace("-", "–").partition("–")
    if high and low.strip().isdigit() and high.strip().isdigit():
        return float(low), float(high)
    return (-100.0, 100.0) if indicator.unit in ("pts", "pt") else (0.0, 100.0)


def _is_short_scale(indicator: Indicator) -> bool:
    low, high = unit_range(indicator)
    return high - low <= 20
