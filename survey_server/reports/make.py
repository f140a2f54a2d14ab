"""Make every edition of a report from the database: what the command line and the office both call."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from contextlib import suppress

from survey_server.db.programmes import get_programme
from survey_server.db.session import Database
from survey_server.reports.audiences import EDITIONS
from survey_server.reports.editions import FORMATS, PAPERS, file_name, render_edition
from survey_server.reports.from_database import summarise
from survey_server.reports.wave_summary import WaveSummary

__all__ = ["EDITIONS", "LANGUAGES", "PAPERS", "make_editions", "make_summary"]

LANGUAGES: Mapping[str, str] = {"es": "Español", "en": "English", "fr": "Français"}


def make_summary(
    database: Database, programme_code: str, waves: Sequence[str], language: str, edition: str = "full"
) -> WaveSummary:
    """The report's value: one wave, or the first and the last of several compared."""
    with database.reading() as session:
        summary = summarise(session, get_programme(session, programme_code), waves, language, edition)
    _give_back()
    return summary


def _give_back() -> None:
    """What the frames took goes back to the system before anything is drawn, where the C library can do that."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def make_editions(
    database: Database,
    programme_code: str,
    waves: Sequence[str],
    language: str,
    edition: str = "full",
    paper: str = "A4",
) -> Mapping[str, bytes]:
    """The files of the report by name: PDF on this paper, HTML, CSV pack, JSON and XLSX of the same figures."""
    summary = make_summary(database, programme_code, waves, language, edition)
    return {file_name(summary, form): render_edition(summary, form, paper) for form in FORMATS}
