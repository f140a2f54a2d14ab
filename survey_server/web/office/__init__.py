"""The office: pages for people with a login."""

from survey_server.web.office.pages import office

__all__ = ["office"]
