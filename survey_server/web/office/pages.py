"""The pages of the office: importing their rooms puts them on the blueprint."""

from survey_server.web.office import account, devices, media, people, programmes, reports, submissions, waves
from survey_server.web.office.frame import office

__all__ = ["account", "devices", "media", "office", "people", "programmes", "reports", "submissions", "waves"]
