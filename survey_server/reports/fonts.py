"""The report's typefaces, from pinned packages: the same files for the page, its charts and the HTML edition."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import font_source_sans_pro
import font_source_serif_pro

SANS, SERIF = "Source Sans Pro", "Source Serif Pro"


class Face(NamedTuple):
    """One font file and what it is for."""

    family: str
    weight: int
    style: str
    path: Path


FACES = (
    Face(SANS, 400, "normal", Path(font_source_sans_pro.font_files_ttf["SourceSansPro"])),
    Face(SANS, 400, "italic", Path(font_source_sans_pro.font_files_ttf["SourceSansProIt"])),
    Face(SANS, 600, "normal", Path(font_source_sans_pro.font_files_ttf["SourceSansProSemibold"])),
    Face(SERIF, 400, "normal", Path(font_source_serif_pro.font_files_ttf["SourceSerifPro"])),
    Face(SERIF, 600, "normal", Path(font_source_serif_pro.font_files_ttf["SourceSerifProSemibold"])),
)
