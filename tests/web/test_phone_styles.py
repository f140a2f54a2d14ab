"""The phone's stylesheets: they mirror by themselves, name each colour of a look once, and fetch nothing."""

from __future__ import annotations

import re

from survey_server.web.assets import STATIC

SHEETS = {path.name: path.read_text() for path in sorted((STATIC / "css").glob("*.css"))}
PHYSICAL = re.compile(
    r"(?<![-\w])(?:margin|padding|border)-(?:left|right|top|bottom)\b|(?<![-\w])(?:left|right|top|bottom|width|height|"
    r"min-width|max-width|min-height|max-height)\s*:|text-align:\s*(?:left|right)|float:\s*(?:left|right)"
)


def test_it_lays_out_by_the_direction_of_the_writing_and_never_by_left_and_right() -> None:
    rules = {
        name: re.sub(r"/\*.*?\*/|@media[^{]*\{|\([^)]*\)", "", text, flags=re.DOTALL) for name, text in SHEETS.items()
    }
    assert {name: found for name, text in rules.items() if (found := PHYSICAL.findall(text))} == {}


def test_it_names_the_colours_of_each_look_once() -> None:
    for look in ("dark", "sun"):
        assert SHEETS["app.css"].count(f':root[data-looks="{look}"] {{') == 1
    assert "prefers-color-scheme" not in "".join(SHEETS.values()), "looks.js names the look"


def test_it_fetches_no_font_and_no_picture() -> None:
    assert not re.search(r"@import|@font-face|url\(", "".join(SHEETS.values()))
