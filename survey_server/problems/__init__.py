"""The one catalogue of what can go wrong: raised anywhere, answered in one place (web/errors.py, cli)."""

from __future__ import annotations

from survey_server.problems.fieldwork import *
from survey_server.problems.forms import *
from survey_server.problems.intake import *
from survey_server.problems.keys import *
from survey_server.problems.openrosa import *
from survey_server.problems.outward import *
from survey_server.problems.people import *
from survey_server.problems.problem import *
from survey_server.problems.requests import *
from survey_server.problems.results import *
from survey_server.problems.review import *
from survey_server.problems.storing import *
