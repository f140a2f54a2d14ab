"""The table of sites: look for one, take a file in, edit one. The design of the sample is shown only to its readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for

from survey_server.db.audit import add_audit
from survey_server.db.field.own_outlines import own_outlines
from survey_server.db.field.policies import TIERS, policy_of
from survey_server.db.field.site_files import check_places, read_site_file, take_site_file
from survey_server.db.field.site_rows import SITE_POLICIES, raise_faults, read_site_rows
from survey_server.db.field.sites import OFFICE_ONLY, edit_site, get_site_by_id, list_sites, set_sites, stamp_of
from survey_server.db.models import Site
from survey_server.outlines import Outline, draw_outlines, outlines_of, read_outlines
from survey_server.problems import EditedMeanwhile, NotAllowed, Problem, UnfitSites, UnreadableTable
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.tables import csv_file
from survey_server.web.office.typed import text

PLACE = ("country", "department", "municipality", "area", "latitude", "longitude")
WORK = ("population", "target", "risk_tier")
DESIGN = ("stratum", "arm", "probability", "weight")
ON_A_PAGE = 100
_OPEN_EXTRAS = ("department_name", "border")


@page("/p/<code>/sites", Right.SITES)
def sites_page(visit: Visit) -> Answer:
    """The sites, looked for by code, name or department, with a map of where they are."""
    return _sites(visit)


@page("/p/<code>/sites", Right.SITES, methods=("POST",))
def upload_sites(visit: Visit) -> Answer:
    """Take a file of sites: all of it, or nothing and why."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise UnreadableTable("Choose a file first.", why="none")
        table = read_site_file(file.filename, file.read())
        with visit.database.transaction() as session:
            count = take_site_file(
                session, visit.here.id, table, may_design=visit.may(Right.DESIGN), actor=visit.login.actor
            )
    except (UnreadableTable, UnfitSites, NotAllowed) as problem:
        return _sites(visit, problem=problem)
    return redirect(url_for("office.sites_page", code=visit.here.code, taken=count), 303)


@page("/p/<code>/sites.csv", Right.SITES)
def sites_file(visit: Visit) -> Answer:
    """The table as a file to correct and upload again: the columns that the reader may see."""
    with reading(visit) as session:
        sites = list_sites(session, visit.here.id)
    design = DESIGN if visit.may(Right.DESIGN) else ()
    columns = ("code", "name", *PLACE, *WORK, *design)
    more = sorted({key for site in sites for key in site.extra if design or key in _OPEN_EXTRAS})
    visit.note("export-sites", rows=len(sites), columns=[*columns, *SITE_POLICIES, *more])
    rows = (
        (
            *(getattr(site, column) for column in columns),
            *(None if name not in site.policies else int(site.policies[name]) for name in SITE_POLICIES),
            *(site.extra.get(key) for key in more),
        )
        for site in sites
    )
    return csv_file(f"{visit.here.code}-sites", (*columns, *SITE_POLICIES, *more), rows)


@page("/p/<code>/sites/new", Right.SITES)
def new_site_page(visit: Visit) -> Answer:
    """A blank site."""
    return _site(visit, None)


@page("/p/<code>/sites/new", Right.SITES, methods=("POST",))
def new_site(visit: Visit) -> Answer:
    """Another site."""
    row = {"code": text("code", 40), **_typed(visit)}
    try:
        _check(row)
        with visit.database.transaction() as session:
            known = {site.code for site in list_sites(session, visit.here.id)}
            if row["code"] in known:
                raise UnfitSites(f"There is a site {row['code']} already.", why="taken")
            set_sites(session, visit.here.id, [row], actor=visit.login.actor)
    except UnfitSites as problem:
        return _site(visit, None, problem)
    return redirect(url_for("office.sites_page", code=visit.here.code, q=row["code"]), 303)


@page("/p/<code>/sites/<int:site_id>", Right.SITES)
def site_page(visit: Visit, site_id: int) -> Answer:
    """One site for editing."""
    with reading(visit) as session:
        site = get_site_by_id(session, visit.here.id, site_id)
    return _site(visit, site)


@page("/p/<code>/sites/<int:site_id>", Right.SITES, methods=("POST",))
def change_site(visit: Visit, site_id: int) -> Answer:
    """Change one site; the second of two people is told, and nothing is overwritten."""
    row = _typed(visit)
    try:
        _check({"code": "-", **row})
        with visit.database.transaction() as session:
            edit_site(session, visit.here.id, site_id, row, seen=text("seen"), actor=visit.login.actor)
    except (UnfitSites, EditedMeanwhile) as problem:
        with reading(visit) as session:
            site = get_site_by_id(session, visit.here.id, site_id)
        return _site(visit, site, problem)
    return redirect(url_for("office.sites_page", code=visit.here.code, q=request.args.get("q", "")), 303)


def _typed(visit: Visit) -> dict[str, Any]:
    """What was typed about a site, without the columns that the reader may not see."""
    columns = ("name", *PLACE, *WORK, *(DESIGN if visit.may(Right.DESIGN) else ()), *SITE_POLICIES)
    return {column: text(column, 200) for column in columns}


def _check(row: dict[str, Any]) -> None:
    raise_faults(check_places(read_site_rows([row], first_row=1), [1]))


def _sites(visit: Visit, problem: Problem | None = None) -> Answer:
    wanted = request.args.get("q", "").strip().casefold()[:80]
    with reading(visit) as session:
        sites = list_sites(session, visit.here.id)
        own = own_outlines(session, visit.here.id)
    found = [site for site in sites if not wanted or wanted in _said(site)]
    first = max(0, min(request.args.get("from", 0, int), len(found) - 1))
    if visit.may(Right.DESIGN):
        visit.note("read-design", shown=len(found))
    response = render(
        "sites.html",
        total=len(sites),
        found=found[first : first + ON_A_PAGE],
        number=len(found),
        first=first,
        step=ON_A_PAGE,
        q=request.args.get("q", "")[:80],
        chart=_map(sites, own.get("department", ())),
        problem=problem,
        taken=request.args.get("taken", 0, int),
        policy_of=policy_of,
    )
    response.status_code = problem.status if problem else 200
    return response


def _site(visit: Visit, site: Site | None, problem: Problem | None = None) -> Answer:
    """The form; after a fault with what was typed, after another's change with what is stored now."""
    kept = {column: getattr(site, column) for column in ("code", "name", *PLACE, *WORK, *DESIGN)} if site else {}
    kept |= {name: {True: "1", False: "0"}[value] for name, value in (site.policies if site else {}).items()}
    shown = {
        name: "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in kept.items()
    }
    if problem is not None and not isinstance(problem, EditedMeanwhile):
        shown |= request.form.to_dict()
    if site is not None and visit.may(Right.DESIGN):
        with visit.database.transaction() as session:
            add_audit(session, visit.here.id, visit.login.actor, "read-design", str(site.id))
    response = render(
        "site.html",
        site=site,
        shown=shown,
        place=PLACE,
        work=WORK,
        design=DESIGN if visit.may(Right.DESIGN) else (),
        own=SITE_POLICIES,
        tiers=TIERS,
        seen=stamp_of(site.changed_at) if site else "",
        problem=problem,
        asked=request.args.get("q", ""),
    )
    response.status_code = problem.status if problem else 200
    return response


def _said(site: Site) -> str:
    parts = (site.code, site.name, site.department, site.municipality, site.extra.get("department_name"))
    return " ".join(str(part) for part in parts if part).casefold()


def _map(sites: list[Site], own: Sequence[Outline]) -> dict[str, Any] | None:
    """How many sites each department has, and the places that are known."""
    outlines = outlines_of((site.department for site in sites), own)
    if not outlines and any(site.longitude is not None for site in sites):
        outlines = read_outlines()
    if not outlines:
        return None
    drawing = draw_outlines(outlines, 320)
    counts = {shape.code: sum(1 for site in sites if site.department == shape.code) for shape in drawing.shapes}
    most = max(counts.values(), default=0) or 1
    points = [
        drawing.place(site.longitude, site.latitude)
        for site in sites
        if site.longitude is not None and site.latitude is not None
    ]
    steps = {code: 0 if not n else 1 + min(3, (4 * n - 1) // most) for code, n in counts.items()}
    return {"drawing": drawing, "counts": counts, "steps": steps, "points": points}


assert set(DESIGN) == OFFICE_ONLY
