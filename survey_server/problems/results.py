"""Designs, weights, estimates, reports, decisions and exports."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class BadDesign(Problem):
    """A sampling design can't be used (lengths differ, a stratum or PSU is missing, an impossible finite population).

    Correct the site table or the `design` sheet where the detail says.
    """

    status = 422
    title = "The sampling design can't be used"


class BadWeight(Problem):
    """Weights are zero, negative, missing or infinite. Correct them in the site table; they are never repaired."""

    status = 422
    title = "Some weights can't be used"


class PsuInTwoStrata(Problem):
    """A PSU lies in more than one stratum. Correct its stratum in the site table."""

    status = 422
    title = "A PSU lies in two strata"


class LonelyPsu(Problem):
    """A stratum has a single PSU and the survey's rule is to refuse that. Merge strata or choose another rule."""

    status = 422
    title = "A stratum has only one PSU"


class EmptyDomain(Problem):
    """Nobody in the sample is in a domain, or all its answers are missing. Leave it out or merge it with another."""

    status = 422
    title = "There is nothing to estimate"


class TooManyCategories(Problem):
    """A breakdown or question has more categories than a table can show. Group them first."""

    status = 422
    title = "Too many categories"


class MarginMismatch(Problem):
    """Population margins don't fit the sample (a category without a total or without cases, unequal grand totals)."""

    status = 422
    title = "The population margins don't fit the sample"


class BadEstimate(Problem):
    """An estimate was asked for that can't be made (lengths differ, a share of something other than 0 and 1, ...)."""

    status = 422
    title = "The estimate can't be made"


class UnknownReportLanguage(Problem):
    """A report was asked for in a language that has no texts. Choose one of those that are named."""

    status = 422
    title = "There are no report texts in this language"


class UnknownEdition(Problem):
    """A report was asked for in an edition that there isn't. Choose full, partner or public."""

    status = 422
    title = "There is no such edition"


class NothingToReport(Problem):
    """The waves hold no submission that counts (none arrived, or nobody agreed). Check the waves and the sync."""

    status = 422
    title = "There is nothing to report"


class UnfitDecision(Problem):
    """A decision can't be kept so: a blank, signed already, or the report has changed."""

    status = 422
    title = "The decision can't be kept so"


class ExportTooLarge(Problem):
    """An export has more rows or columns than its format can hold. Choose CSV or Parquet, or one wave alone."""

    status = 422
    title = "Too large for this format"


class ExportIncomplete(Problem):
    """An export would not hold exactly the submissions that are stored. Nothing was written; tell the developers."""

    status = 500
    title = "The export is not complete"


class NothingToExport(Problem):
    """There is no submission in what was to be exported. Choose another form or wave."""

    status = 422
    title = "Nothing to export"
