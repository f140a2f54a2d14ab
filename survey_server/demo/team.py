"""The team of whoever tries the demo's phone: sites of the open wave, with targets and dwellings, and a card."""

from __future__ import annotations

from survey_server.db.field.policies import set_policies
from survey_server.db.field.samples import draw_site_dwellings
from survey_server.db.field.sites import list_sites
from survey_server.db.field.teams import add_team, assign
from survey_server.db.forms import get_form
from survey_server.db.models import Programme
from survey_server.db.session import Database
from survey_server.db.waves import get_wave
from survey_server.estimation.sampling import Take

TEAM = "E90"
ME = "demo"
SITES, TARGET, DWELLINGS = 3, 6, 40
CARD = {
    "es": "Emergencias, PNC: 110\nBomberos: 122\nProcuraduría de los Derechos Humanos: 1555\nMinisterio Público: 1572",
    "en": "Emergency, police: 110\nFire brigade: 122\nHuman rights ombudsman: 1555\nPublic prosecutor: 1572",
    "dated": "2026-11-01",
}


def add_demo_team(database: Database, programme_id: int, interviews: str, encounters: str, wave: str) -> None:
    """A team with work in `wave` of both forms for as long as the wave lasts, so that a phone has a list on any day."""
    with database.transaction() as session:
        set_policies(session, session.get_one(Programme, programme_id), {"referral": CARD}, actor=ME)
        team = add_team(session, programme_id, TEAM, "Equipo de prueba", actor=ME)
        for form_id, count in ((interviews, SITES), (encounters, 1)):
            row = get_wave(session, get_form(session, programme_id, form_id), wave)
            sites = [site.id for site in list_sites(session, programme_id, row)[:count]]
            assign(session, row, sites, team.id, row.starts, row.ends, target=TARGET, actor=ME)
            if form_id == interviews:
                for site_id in sites:
                    draw_site_dwellings(session, row, site_id, DWELLINGS, Take(TARGET, 2), "demo", actor=ME)
