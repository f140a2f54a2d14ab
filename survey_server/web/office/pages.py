"""The pages of the office: importing their rooms puts them on the blueprint."""

from survey_server.web.office import (
    account,
    assignments,
    cube,
    devices,
    fieldwork,
    incidents,
    media,
    opening,
    outbox_files,
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
    "cube",
    "devices",
    "fieldwork",
    "incidents",
    "media",
    "office",
    "opening",
    "outbox_files",
    "people",
    "planner",
    "programmes",
    "reports",
    "samples",
    "sites",
    "submissions",
    "waves",
]
