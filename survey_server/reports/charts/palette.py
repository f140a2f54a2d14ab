"""Colours that survive a grey printer and colour blindness, the same in plots and in small bars."""

from __future__ import annotations

INK, QUIET, LINE, WASH = "#1d2528", "#5d6a6e", "#c9d1d3", "#e9eeee"
TEAL, TEAL_SOFT, BROWN = "#01665e", "#35978f", "#8c510a"
BEFORE, AFTER = "#8a979b", TEAL
BLUE, ORANGE = "#0072B2", "#E69F00"  # Okabe-Ito

_SCALES = {
    3: ("#8c510a", "#d9dddd", "#01665e"),
    4: ("#8c510a", "#dfc27d", "#80cdc1", "#01665e"),
    5: ("#8c510a", "#d8b365", "#dfe3e3", "#5ab4ac", "#01665e"),
    6: ("#8c510a", "#d8b365", "#f0dfb2", "#c7eae5", "#5ab4ac", "#01665e"),
    7: ("#8c510a", "#bf812d", "#dfc27d", "#dfe3e3", "#80cdc1", "#35978f", "#01665e"),
}


def scale_colours(steps: int, good_end: int) -> tuple[str, ...]:
    """Brown to teal for a rating scale, teal at the good end (1: the last step, -1: the first)."""
    colours = _SCALES[steps]
    return colours if good_end > 0 else colours[::-1]


def ordered_shades(classes: int) -> tuple[str, ...]:
    """Light to dark teal for up to four ordered classes; a grey printer keeps them apart."""
    return tuple(_SHADES[place] for place in {0: (), 1: (1,), 2: (0, 3), 3: (0, 1, 3)}.get(classes, (0, 1, 2, 3)))


_SHADES = ("#e8f3f1", "#a8d5cf", "#4fa59b", "#01514a")
