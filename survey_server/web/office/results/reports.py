"""Make a report of chosen waves, wait for it, download it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from flask import redirect, request, send_file, url_for

from survey_server.db.field.progress import WaveProgress, list_waves
from survey_server.db.jobs import add_job
from survey_server.db.media.shelves import open_shelf
from survey_server.reports.make import EDITIONS, LANGUAGES, PAPERS
from survey_server.reports.registers.forms import REGISTERS
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.results.made_reports import JOB
from survey_server.web.office.results.report_files import ReportFile, ReportFiles
from survey_server.web.office.roles import Right, may_report

_HTML_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Round:
    """The waves of one name across the forms of the programme: what a report takes together."""

    name: str
    waves: list[WaveProgress]

    @property
    def locked(self) -> bool:
        """Whether the numbers can't change any more."""
        return all(wave.state == "locked" for wave in self.waves)


@page("/p/<code>/reports", Right.REPORTS)
def reports_page(visit: Visit) -> Answer:
    """Choose the waves of a new report; those that were made before."""
    return _reports(visit)


@page("/p/<code>/reports", Right.REPORTS, methods=("POST",))
def make_report(visit: Visit) -> Answer:
    """Begin to make a report and go where it will be."""
    rounds = _rounds(visit)
    chosen = [each for each in rounds if each.name in request.form.getlist("wave")]
    language, edition = request.form.get("language", ""), request.form.get("edition", "")
    if not chosen:
        return _reports(visit, wrong="no-waves")
    if not _allowed(visit, chosen):
        return _reports(visit, wrong="not-locked", ticked=[each.name for each in chosen])
    names = tuple(each.name for each in chosen)
    language = language if language in LANGUAGES else visit.texts.language
    edition = edition if edition in EDITIONS else EDITIONS[0]
    paper = request.form.get("paper", "")
    paper = paper if paper in PAPERS else PAPERS[0]
    visit.note("make-report", "+".join(names), language=language, edition=edition)
    report = _files(visit).ask(
        names,
        language,
        edition,
        asked_by=visit.login.actor,
        interim=not all(each.locked for each in chosen),
        paper=paper,
    )
    if report.state != "ready":
        with visit.database.transaction() as session:
            add_job(session, visit.here.id, JOB, {"report": report.id}, key=report.id)
    return redirect(url_for("office.report_page", code=visit.here.code, report=report.id), 303)


@page("/p/<code>/reports/<report>", Right.REPORTS)
def report_page(visit: Visit, report: str) -> Answer:
    """One report: still in the making, or its files."""
    found = _get(visit, report)
    files = _files(visit).files(found) if found.state == "ready" else []
    pdf = next((name for name, _ in files if name.endswith(".pdf")), "")
    return render("report.html", report=found, files=files, pdf=pdf, report_languages=LANGUAGES)


@page("/p/<code>/reports/<report>/<name>", Right.REPORTS)
def report_file(visit: Visit, report: str, name: str) -> Answer:
    """One file of a report, noted in the audit chain."""
    found = _get(visit, report)
    content = _files(visit).read(found, name)
    visit.note("download-report", found.id, file=name)
    answer = send_file(BytesIO(content), as_attachment=not name.endswith((".pdf", ".html")), download_name=name)
    if name.endswith(".html"):
        answer.headers["Content-Security-Policy"] = _HTML_POLICY
    return answer


def _reports(visit: Visit, wrong: str = "", ticked: Sequence[str] = ()) -> Answer:
    rounds = _rounds(visit)
    made = [each for each in _files(visit).list_all() if _may_see(visit, each)]
    response = render(
        "reports.html",
        rounds=rounds,
        ticked=ticked or [each.name for each in ([one for one in rounds if one.locked] or rounds)[-2:]],
        made=made,
        wrong=wrong,
        report_languages=LANGUAGES,
        editions=EDITIONS,
        papers=PAPERS,
    )
    response.status_code = 422 if wrong else 200
    return response


def _rounds(visit: Visit) -> list[Round]:
    """The waves that have submissions, those of the same name together, in their order."""
    with reading(visit) as session:
        waves = [wave for wave in list_waves(session, visit.here) if wave.received and wave.form_id not in REGISTERS]
    names = dict.fromkeys(wave.name for wave in sorted(waves, key=lambda wave: (wave.ordinal, wave.starts)))
    return [Round(name, [wave for wave in waves if wave.name == name]) for name in names]


def _allowed(visit: Visit, rounds: Sequence[Round]) -> bool:
    return may_report(visit.rights, (wave.state for each in rounds for wave in each.waves))


def _may_see(visit: Visit, report: ReportFile) -> bool:
    return not report.interim or visit.may(Right.INTERIM_REPORTS)


def _get(visit: Visit, report_id: str) -> ReportFile:
    report = _files(visit).get(report_id)
    visit.need(_may_see(visit, report))
    return report


def _files(visit: Visit) -> ReportFiles:
    return ReportFiles(open_shelf(visit.config), visit.here.code)
