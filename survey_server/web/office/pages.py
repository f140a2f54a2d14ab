"""The pages of the office: importing their rooms puts them on the blueprint."""

from survey_server.web.office import (
    account,
    assignments,
    devices,
    fieldwork,
    incidents,
    media,
    opening,
    people,
    planner,
    programmes,
    reports,
    samples,
    sites,
    submissions,
    waves,
)
from survey_server.web.office.frame import office

__all__ = [
    "account",
    "assignments",
    "devices",
    "fieldwork",
    "incidents",
    "media",
    "office",
    "opening",
    "people",
    "planner",
    "programmes",
    "reports",
    "samples",
    "sites",
    "submissions",
    "waves",
]
