"""Small drawings inside tables, written as SVG by hand: headline rows, rating bars, shares of a checklist item."""

from __future__ import annotations

from collections.abc import Sequence

from survey_server.reports.charts.palette import AFTER, BEFORE, INK, LINE, WASH, scale_colours
from survey_server.reports.value import Cell

WIDTH, HEIGHT, REACH = 160.0, 24.0, 3.0


def svg(width: float, height: float, body: str) -> str:
    """A drawing of the given size in points."""
    size = f'width="{width:g}pt" height="{height:g}pt" viewBox="0 0 {width:g} {height:g}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{body}</svg>'


def change_spark(change: Cell, good: int, unit: float, target: float | None, colour: str) -> str:
    """A change with its interval, better to the right; the grey band is less than the smallest change that matters.

    `unit` is that smallest change, `good` -1 where less is better, `target` the change that would reach the target.
    """

    def x(value: float) -> float:
        share = good * value / unit / REACH
        return WIDTH / 2 + min(max(share, -1.0), 1.0) * (WIDTH / 2 - 5)

    middle, band = HEIGHT / 2, (WIDTH / 2 - 5) / REACH
    parts = [
        f'<rect x="{WIDTH / 2 - band:.1f}" y="1" width="{2 * band:.1f}" height="{HEIGHT - 2:g}" fill="{WASH}"/>',
        _line(WIDTH / 2, 1, WIDTH / 2, HEIGHT - 1, BEFORE, 0.8),
    ]
    if target is not None:
        parts.append(f'<path d="M{x(target):.1f} {middle - 5:.1f}l-3.2 -6h6.4z" fill="{INK}"/>')
    if change.value is not None:
        if change.low is not None and change.high is not None:
            parts.append(_line(x(change.low), middle, x(change.high), middle, colour, 1.8))
        parts.append(_dot(x(change.value), middle, 3.8, colour, colour))
    return svg(WIDTH, HEIGHT, "".join(parts))


def level_spark(after: Cell, target: float | None, ends: tuple[float, float]) -> str:
    """The value of a single wave with its interval on the whole scale, the target as a small triangle."""
    low, high = ends

    def x(value: float) -> float:
        return 5 + (min(max(value, low), high) - low) / (high - low) * (WIDTH - 10)

    middle = HEIGHT / 2
    parts = [_line(5, middle, WIDTH - 5, middle, LINE, 0.8)]
    parts += [_line(end, middle - 3, end, middle + 3, LINE, 0.8) for end in (5, WIDTH - 5)]
    if target is not None:
        parts.append(f'<path d="M{x(target):.1f} {middle - 5:.1f}l-3.2 -6h6.4z" fill="{INK}"/>')
    if after.value is not None:
        if after.low is not None and after.high is not None:
            parts.append(_line(x(after.low), middle, x(after.high), middle, AFTER, 1.8))
        parts.append(_dot(x(after.value), middle, 3.8, AFTER, AFTER))
    return svg(WIDTH, HEIGHT, "".join(parts))


def legend_mark(kind: str) -> str:
    """The marks of the first page, for its legend."""
    marks = {
        "interval": _line(0, 6, 12, 6, AFTER, 1.8) + _dot(6, 6, 3.6, AFTER, AFTER),
        "band": f'<rect x="0" y="0" width="12" height="12" fill="{LINE}"/>',
        "target": f'<path d="M6 9l-3 -6h6z" fill="{INK}"/>',
    }
    return svg(12, 12, marks[kind])


def rating_bars(waves: Sequence[Sequence[float]], good_end: int) -> str:
    """One thin stacked bar for each wave, centred on the middle of the scale; shares in percent of those who rated."""
    width, bar, gap = 240.0, 5.0, 2.0
    parts = [_line(width / 2, 0, width / 2, len(waves) * (bar + gap), LINE, 0.8)]
    for row, shares in enumerate(waves):
        ordered = list(shares) if good_end > 0 else list(shares)[::-1]
        colours = scale_colours(len(ordered), 1)
        total = sum(ordered) or 1.0
        scaled = [100 * share / total for share in ordered]
        middle = len(scaled) // 2
        left = sum(scaled[:middle]) + (scaled[middle] / 2 if len(scaled) % 2 else 0.0)
        x = width / 2 - left * width / 200
        for share, colour in zip(scaled, colours, strict=True):
            wide = share * width / 200
            if wide > 0:
                opacity = "1" if row == len(waves) - 1 else "0.55"
                parts.append(
                    f'<rect x="{x:.2f}" y="{row * (bar + gap):g}" width="{wide:.2f}" height="{bar:g}"'
                    f' fill="{colour}" opacity="{opacity}"/>'
                )
            x += wide
    return svg(width, len(waves) * (bar + gap), "".join(parts))


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"/>'


def _dot(x: float, y: float, radius: float, fill: str, stroke: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{stroke}" stroke-width="1.2"/>'
