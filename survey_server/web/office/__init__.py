"""The office: pages for people with a login. Importing the rooms registers their pages on the blueprint."""

from survey_server.web.office import (
    account,
    devices,
    people,
    programmes,
    reports,
    submissions,
    waves,
)
from survey_server.web.office.frame import office

__all__ = ["account", "devices", "office", "people", "programmes", "reports", "submissions", "waves"]
