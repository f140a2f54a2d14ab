"""Programmes, waves, sites, teams and the rules of their phones: what is planned and cannot be so."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class UnfitCode(Problem):
    """A code can't name what it should name. Write it as the detail says."""

    status = 422
    title = "This code can't be used"


class CodeTaken(Problem):
    """The code names something else already. Choose another."""

    status = 409
    title = "This code is taken"


class UnknownProgramme(Problem):
    """There is no programme with this code. See `survey-server programme list`."""

    status = 404
    title = "There is no such programme"


class UnknownWave(Problem):
    """The form has no wave with this name or number. See `survey-server wave list`."""

    status = 404
    title = "There is no such wave"


class UnfitWave(Problem):
    """A wave can't be so: its dates, name, number or state clash. Correct what the detail names."""

    status = 422
    title = "The wave can't be so"


class WaveNotReady(Problem):
    """A wave can't open yet: `missing` names what isn't in place. Add it, or open it all the same with a reason."""

    status = 422
    title = "The wave isn't ready to open"


class UnknownSite(Problem):
    """The programme has no site with this code. Add it to the site table, or correct the code."""

    status = 404
    title = "There is no such site"


class UnfitSites(Problem):
    """Rows of a site table can't be used: each is named with column, value and cure. Nothing was changed."""

    status = 422
    title = "The site table has faults"


class UnfitAssignment(Problem):
    """A team can't be sent there as asked (dates, risk tier, a site outside the wave). Correct what is named."""

    status = 422
    title = "The assignment can't be made"


class UnfitRelease(Problem):
    """A reserve can't be released: none is left, no reason was given, or what it replaces isn't there."""

    status = 422
    title = "Nothing can be released"


class UnfitStop(Problem):
    """A stop of work names no area or no message. Fill both in."""

    status = 422
    title = "The stop needs an area and a message"


class UnfitPlan(Problem):
    """A programme's plan has something that a plan can't have. The message names it and what would fit."""

    status = 422
    title = "The plan can't be used"


class UnfitPolicy(Problem):
    """How phones lock can't be set like that. The message names the value and its bounds."""

    status = 422
    title = "Phones can't be locked like that"


class UnfitRoster(Problem):
    """A list of officers can't be given aliases. The message names what is wrong with the file."""

    status = 422
    title = "The roster can't be used"


class UnknownDevice(Problem):
    """The programme has no such device."""

    status = 404
    title = "There is no such device"
