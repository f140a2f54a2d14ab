"""OpenRosa, as ODK Collect, KoboCollect and Enketo speak it: importing these rooms puts them on the blueprint."""

from survey_server.web.openrosa import faults, forms, lists, submission
from survey_server.web.openrosa.callers import openrosa

__all__ = ["faults", "forms", "lists", "openrosa", "submission"]
