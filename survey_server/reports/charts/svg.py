"""Drawings written as SVG by hand: lines, areas and text in points, in the report's typeface, the same bytes each time.

Text stays text. `y` grows downwards, as on paper; a `Scale` turns numbers into places.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal
from xml.sax.saxutils import escape

from fontTools.ttLib import TTFont

from survey_server.reports.charts.palette import INK, LINE, QUIET
from survey_server.reports.fonts import FACES, SANS

FULL, WIDE, HALF = 493.0, 759.0, 237.0
"""The widths, in points, of the text on an A4 page upright and on its side, and of one of two columns."""

WIDTHS: Mapping[str, float] = {"half": HALF, "full": FULL, "wide": WIDE}
"""The width of a chart by its `size`."""

HATCHED = "hatched"
Anchor = Literal["start", "middle", "end"]


class Drawing:
    """A drawing under way, `width` by `height` points."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []
        self._has_pattern = False

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 0.5, dash: str = ""
    ) -> None:
        """A straight line; `dash` as in SVG ("3 2")."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            f' stroke="{colour}" stroke-width="{width:g}"{dashed}/>'
        )

    def polyline(
        self, points: Sequence[tuple[float, float]], colour: str = INK, width: float = 1.2, dash: str = ""
    ) -> None:
        """A line through the points."""
        if len(points) > 1:
            dashed = f' stroke-dasharray="{dash}"' if dash else ""
            self._parts.append(
                f'<path d="{_path(points)}" fill="none" stroke="{colour}" stroke-width="{width:g}"'
                f' stroke-linejoin="round"{dashed}/>'
            )

    def area(
        self, points: Sequence[tuple[float, float]], fill: str, opacity: float = 1.0, edge: str = "", width: float = 0.4
    ) -> None:
        """A filled shape; `edge` is the colour of its outline."""
        stroke = f' stroke="{edge}" stroke-width="{width:g}"' if edge else ""
        see = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
        self._parts.append(f'<path d="{_path(points)}Z" fill="{fill}"{see}{stroke}/>')

    def open_group(self, x: float, y: float) -> None:
        """What follows is moved by (x, y), until `close_group`."""
        self._parts.append(f'<g transform="translate({x:.1f} {y:.1f})">')

    def close_group(self) -> None:
        """Ends the last `open_group`."""
        self._parts.append("</g>")

    def path(self, data: str, fill: str, edge: str = "", width: float = 0.4) -> None:
        """A shape given as SVG path data; "hatched" fills it with slanting lines."""
        stroke = f' stroke="{edge}" stroke-width="{width:g}"' if edge else ""
        fill = self._hatched() if fill == HATCHED else fill
        self._parts.append(f'<path d="{data}" fill="{fill}"{stroke} fill-rule="evenodd"/>')

    def rect(self, x: float, y: float, width: float, height: float, fill: str, edge: str = "") -> None:
        """A rectangle; one without width or height is not drawn."""
        if width > 0 and height > 0:
            stroke = f' stroke="{edge}" stroke-width=".4"' if edge else ""
            fill = self._hatched() if fill == HATCHED else fill
            self._parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"{stroke}/>'
            )

    def dot(self, x: float, y: float, colour: str, filled: bool = True, radius: float = 1.9) -> None:
        """A round mark, full or hollow."""
        fill = colour if filled else "#ffffff"
        self._parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{colour}" stroke-width=".8"/>'
        )

    def square(self, x: float, y: float, colour: str, filled: bool = True, radius: float = 1.8) -> None:
        """A square mark, for a second series."""
        side = 2 * radius
        self.rect(x - radius, y - radius, side, side, colour if filled else "#ffffff", colour)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 7.0,
        colour: str = INK,
        anchor: Anchor = "start",
        bold: bool = False,
    ) -> None:
        """One line of text; `y` is its base line."""
        weight = ' font-weight="600"' if bold else ""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{weight}{place}>{escape(words)}</text>'
        )

    def paragraph(
        self,
        x: float,
        y: float,
        words: str,
        width: float,
        size: float = 7.0,
        colour: str = INK,
        bold: bool = False,
        lines: int = 3,
    ) -> int:
        """Text broken into lines no wider than `width`; returns how many there are."""
        broken = wrap(words, width, size, bold)[:lines]
        for place, part in enumerate(broken):
            self.text(x, y + place * size * 1.15, part, size, colour, bold=bold)
        return len(broken)

    def _hatched(self) -> str:
        """The fill of what is not published; the pattern is defined when first used."""
        if not self._has_pattern:
            self._has_pattern = True
            lines = f'<path d="M0 4L4 0M-1 1L1 -1M3 5L5 3" stroke="{QUIET}" stroke-width=".5"/>'
            self._parts.insert(
                0,
                '<defs><pattern id="hatched" width="4" height="4" patternUnits="userSpaceOnUse">'
                f'<rect width="4" height="4" fill="#ffffff"/>{lines}</pattern></defs>',
            )
        return "url(#hatched)"

    def svg(self) -> str:
        """The finished document."""
        size = f'width="{self.width:g}pt" height="{self.height:g}pt" viewBox="0 0 {self.width:g} {self.height:g}"'
        family = f"font-family=\"'{SANS}', sans-serif\""
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {family}>{"".join(self._parts)}</svg>'


@dataclass(frozen=True)
class Scale:
    """From numbers between `low` and `high` to places between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a number; beyond the ends it stays at the end."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, most: int = 5) -> Iterator[float]:
        """Round numbers inside the scale, at most about `most` of them."""
        step = round_step((self.high - self.low) / max(most, 1))
        value = math.ceil(self.low / step - 1e-9) * step
        while value <= self.high + 1e-9 * step:
            yield 0.0 if abs(value) < step / 1e6 else value
            value += step


def fitted(values: Sequence[float], start: float, end: float, margin: float = 0.06) -> Scale:
    """A scale over all the values with a little room at both ends."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = (high - low) * margin or max(abs(high), 1.0) * 0.1
    return Scale(low - room, high + room, start, end)


def round_step(least: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 … that is not under `least`."""
    if least <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))


def text_width(words: str, size: float, bold: bool = False) -> float:
    """How wide a text is set, in points."""
    widths = _widths(600 if bold else 400)
    ems: float = sum(widths.get(ord(letter), 0.5) for letter in words)
    return size * ems


def wrap(words: str, width: float, size: float, bold: bool = False) -> list[str]:
    """The lines into which a text breaks between words."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@cache
def _widths(weight: int) -> dict[int, float]:
    """The advance of every character of the sans in one weight, in ems."""
    widths: dict[int, float] = {}
    face = next(f for f in FACES if f.family == SANS and f.weight == weight and f.style == "normal")
    with TTFont(face.path, lazy=True) as font:
        units, advances, names = font["head"].unitsPerEm, font["hmtx"].metrics, font.getBestCmap()
        widths |= {code: advances[name][0] / units for code, name in names.items()}
    return widths


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
