"""What the office decides about single interviews: quarantine, reviews, repairs, withdrawals."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class NotQuarantined(Problem):
    """The programme's quarantine holds nothing under this number."""

    status = 404
    title = "There is nothing under this number in quarantine"


class UnfitReview(Problem):
    """A review lacks what it needs, such as the reason of a rejection: nothing was changed."""

    status = 422
    title = "This review is not complete"


class UnfitRepair(Problem):
    """What was repaired in quarantine is still no interview; the bytes that came stay as they are."""

    status = 422
    title = "This can't be let in yet"


class UnknownWithdrawal(Problem):
    """No interview has this withdrawal code. Compare it with the card; a phone may still hold the interview unsent."""

    status = 404
    title = "There is no interview with this code"
