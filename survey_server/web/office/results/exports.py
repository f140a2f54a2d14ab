"""Make an export of a form's submissions, wait for it, download it; the purpose goes into the audit chain."""

from __future__ import annotations

from flask import redirect, request, send_file, url_for

from survey_server.db.audit import add_audit
from survey_server.db.field.progress import WaveProgress, list_waves
from survey_server.db.jobs import add_job
from survey_server.db.media.shelves import open_shelf
from survey_server.exports.make import FORMATS
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.results.export_files import ExportFile, ExportFiles
from survey_server.web.office.roles import Right

ANONYMOUS = ("research", "codebook")
SHORTEST_PURPOSE = 8


@page("/p/<code>/exports", Right.RESEARCH_FILES)
def exports_page(visit: Visit) -> Answer:
    """Choose what to export; what was made before."""
    return _exports(visit)


@page("/p/<code>/exports", Right.RESEARCH_FILES, methods=("POST",))
def make_export_file(visit: Visit) -> Answer:
    """Begin to make an export and go where it will be."""
    waves = {str(wave.wave_id): wave for wave in _locked_waves(visit)}
    wave, kind = waves.get(request.form.get("wave", "")), request.form.get("kind", "")
    purpose = request.form.get("purpose", "").strip()
    if wave is None or kind not in _kinds(visit):
        return _exports(visit, wrong="choice")
    if len(purpose) < SHORTEST_PURPOSE:
        return _exports(visit, wrong="purpose")
    export = _files(visit).ask(wave.form_id, wave.name, kind, purpose, visit.login.actor)
    wanted = {"export": export.id, "person": visit.login.person_id, "language": visit.texts.language}
    with visit.database.transaction() as session:
        told = {"wave": wave.name, "format": kind, "purpose": purpose}
        add_audit(session, visit.here.id, visit.login.actor, "export", wave.form_id, **told)
        add_job(session, visit.here.id, "export", wanted)
    return redirect(url_for("office.export_page", code=visit.here.code, export=export.id), 303)


@page("/p/<code>/exports/<export>", Right.RESEARCH_FILES)
def export_page(visit: Visit, export: str) -> Answer:
    """One export: how far it is, or its file with its checksum."""
    found = _get(visit, export)
    size = _files(visit).find_size(found) if found.state == "ready" else 0
    return render("export.html", export=found, size=size, title=_title(visit, found.form_id))


@page("/p/<code>/exports/<export>/<name>", Right.RESEARCH_FILES)
def export_file(visit: Visit, export: str, name: str) -> Answer:
    """The file, streamed from where it lies."""
    found = _get(visit, export)
    files = _files(visit)
    size = files.find_size(found)
    visit.need(name == found.name)
    visit.note("download-export", found.form_id, wave=found.wave, format=found.kind, sha256=found.sha256)
    answer = send_file(files.open(found), as_attachment=True, download_name=found.name)
    answer.content_length = size
    return answer


def _exports(visit: Visit, wrong: str = "") -> Answer:
    made = [each for each in _files(visit).list_all() if _may_take(visit, each)]
    response = render(
        "exports.html",
        waves=_locked_waves(visit),
        kinds=_kinds(visit),
        made=made,
        wrong=wrong,
        asked=request.form,
        titles={each.form_id: _title(visit, each.form_id) for each in made},
    )
    response.status_code = 422 if wrong else 200
    return response


def _locked_waves(visit: Visit) -> list[WaveProgress]:
    """Waves whose data can't change any more: arms and weights stay closed until then."""
    with reading(visit) as session:
        return [wave for wave in list_waves(session, visit.here) if wave.received and wave.state == "locked"]


def _kinds(visit: Visit) -> tuple[str, ...]:
    return tuple(FORMATS) if visit.may(Right.EXPORTS) else ANONYMOUS


def _may_take(visit: Visit, export: ExportFile) -> bool:
    return export.kind in _kinds(visit)


def _get(visit: Visit, export_id: str) -> ExportFile:
    export = _files(visit).get(export_id)
    visit.need(_may_take(visit, export))
    return export


def _title(visit: Visit, form_id: str) -> str:
    with reading(visit) as session:
        titles = {wave.form_id: wave.titles for wave in list_waves(session, visit.here)}
    return visit.texts.title(titles.get(form_id, {}), form_id)


def _files(visit: Visit) -> ExportFiles:
    return ExportFiles(open_shelf(visit.config), visit.here.code)
