"""The pages of a report in the standard order: each number either drawn or named with the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from survey_server.problems import Problem
from survey_server.reports.pages.admin import build_admin
from survey_server.reports.pages.border import build_border
from survey_server.reports.pages.breakdown import build_breakdown
from survey_server.reports.pages.community import build_community
from survey_server.reports.pages.comparison import build_comparison
from survey_server.reports.pages.compliance import build_compliance
from survey_server.reports.pages.decision import build_decision
from survey_server.reports.pages.followup import build_followup
from survey_server.reports.pages.framework import build_framework
from survey_server.reports.pages.glance import build_glance
from survey_server.reports.pages.guide import build_guide
from survey_server.reports.pages.hawthorne import build_hawthorne
from survey_server.reports.pages.indicators import build_indicators
from survey_server.reports.pages.justice import build_justice
from survey_server.reports.pages.method import build_method
from survey_server.reports.pages.quality import build_quality
from survey_server.reports.pages.reaction import build_reaction
from survey_server.reports.pages.toplines import build_toplines
from survey_server.reports.pages.training import build_training
from survey_server.reports.pages.trends import build_trends
from survey_server.reports.pages.versions import build_versions
from survey_server.reports.study import Study, note
from survey_server.reports.value import LeftOut, Page

Built: TypeAlias = Page | LeftOut
Builder: TypeAlias = Callable[[Study], Built | Iterable[Built]]


@dataclass(frozen=True)
class Place:
    """One place of the standard order: its number, the key of its name (`page.<key>`), and who builds it."""

    number: str
    key: str
    build: Builder


def _glance(study: Study) -> Iterator[Built]:
    yield build_glance(study)
    yield from build_trends(study)


def _all_toplines(study: Study) -> Iterator[Built]:
    return (build_toplines(study, pair) for pair in study.surveys)


def _all_breakdowns(study: Study) -> Iterator[Built]:
    """Those that stand upright first: they share the sheet of the last answers; all others lie on their side."""
    built = [build_breakdown(study, pair) for pair in study.pairs]
    return iter(sorted(built, key=lambda page: isinstance(page, Page) and page.wide))


ORDER = (
    Place("2", "glance", _glance),
    Place("3", "results", build_framework),
    Place("4–6", "toplines", _all_toplines),
    Place("7–8", "breakdown", _all_breakdowns),
    Place("9", "comparison", build_comparison),
    Place("10", "border", build_border),
    Place("11", "compliance", build_compliance),
    Place("12", "hawthorne", build_hawthorne),
    Place("13", "training", build_training),
    Place("14", "followup", build_followup),
    Place("15", "admin", build_admin),
    Place("16", "reaction", build_reaction),
    Place("17", "justice", build_justice),
    Place("18", "community", build_community),
    Place("19", "quality", build_quality),
    Place("20", "decision", build_decision),
    Place("G", "guide", build_guide),
    Place("A1", "method", build_method),
    Place("A2", "versions", build_versions),
    Place("A3", "indicators", build_indicators),
)
"""The cover is 1; the numbers are the same in every report, so that people can name a page to each other."""


def build_pages(study: Study) -> Iterator[Built]:
    """Every place of the order in turn; a page that stumbles over the data is left out with what it stumbled over."""
    for place in ORDER:
        try:
            built = place.build(study)
            pages = [built] if isinstance(built, Page | LeftOut) else list(built)
        except Problem as problem:
            reason = note("left_out.problem", reason=problem.detail)
            pages = [LeftOut(place.key, study.t[f"page.{place.key}"], reason)]
        for page in pages:
            yield replace(page, number=place.number)
