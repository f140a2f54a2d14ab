"""Forms, their versions, data sets and registries; tables of answers that are imported."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class UnknownForm(Problem):
    """The programme has no form with this id or hash. Publish it, or correct the id."""

    status = 404
    title = "There is no such form"


class UnknownDataSet(Problem):
    """No form of the programme carries a data set with this digest. Let the phone fetch its list again."""

    status = 404
    title = "There is no such data set"


class VersionNotRaised(Problem):
    """The content of a form changed and its version didn't. Raise `version` on the settings sheet, then publish."""

    status = 409
    title = "The form changed and its version didn't"


class DataSetMissing(Problem):
    """A form reads a file that wasn't given. Publish it with --data FILE."""

    status = 422
    title = "The form reads a file that isn't there"


class DataSetTellsTooMuch(Problem):
    """A data set for phones has a column that only the office may know (stratum, arm, weight). Take it out."""

    status = 422
    title = "A phone may not know this column"


class UnfitIndicator(Problem):
    """An indicator doesn't fit its form, or no reason was given. Correct the named cells; nothing was saved."""

    status = 422
    title = "The indicator can't be saved so"


class UnreadableTable(Problem):
    """A file to import isn't the table that its name says. Save it again as CSV UTF-8, .xlsx or .sav."""

    status = 422
    title = "The file can't be read as a table"


class BadMapping(Problem):
    """The mapping of an import names a column or a question that doesn't exist. Correct the line that is named."""

    status = 422
    title = "The mapping doesn't fit"
