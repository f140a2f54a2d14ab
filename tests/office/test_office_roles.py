"""Every page of the office times every role: what may be opened, by a table written by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from survey_server.db.access.matrix import matrix_as_markdown
from survey_server.web.office.frame import GUARDS, Guard
from survey_server.web.office.roles import rights_as_markdown
from tests.office.world import PEOPLE, Browser, World

EVERYBODY = frozenset(PEOPLE)
ADMINISTRATORS = frozenset({"administrator"})
FIELD = frozenset({"administrator", "coordinator", "supervisor", "security", "data-protection"})
SITES = frozenset({"coordinator", "analyst", "security"})
DESIGN = frozenset({"analyst"})
SENDERS = frozenset({"coordinator", "supervisor"})
GUARDIANS = frozenset({"coordinator", "supervisor", "security"})
WATCHERS = EVERYBODY - {"enumerator"}
POLICY = frozenset({"coordinator", "security"})
WAVES = frozenset({"coordinator"})
ENROLLERS = frozenset({"administrator", "coordinator"})
CASES = frozenset({"coordinator", "analyst", "supervisor"})
READERS = (
    CASES
    | {"observer", "observer-lead", "training-officer", "unit-clerk", "justice-clerk", "liaison"}
    | {
        "integrity-officer",
        "security",
        "data-protection",
    }
)
REPORTERS = frozenset({"coordinator", "analyst"})
SECRETS = re.compile(r"BRAZO|ESTRATO|\b1\.75\b")
"""An arm, a stratum and a weight; a proof may have the digits of the weight inside."""
QUALITY = frozenset({"coordinator", "analyst", "supervisor"})

ALLOWED = {
    ("home", "GET"): EVERYBODY,
    ("logout", "POST"): EVERYBODY,
    ("account_page", "GET"): EVERYBODY,
    ("change_password", "POST"): EVERYBODY,
    ("code_page", "GET"): EVERYBODY,
    ("enter_code", "POST"): EVERYBODY,
    ("second_factor_page", "GET"): EVERYBODY,
    ("set_up_second_factor", "POST"): EVERYBODY,
    ("programme_page", "GET"): WATCHERS,
    ("forms_page", "GET"): WAVES,
    ("publish", "POST"): WAVES,
    ("form_source", "GET"): WAVES,
    ("wave_page", "GET"): WATCHERS,
    ("change_wave_state", "POST"): frozenset({"coordinator"}),
    ("submissions_page", "GET"): READERS,
    ("submission_page", "GET"): CASES,
    ("review_many", "POST"): CASES,
    ("review_one", "POST"): CASES,
    ("comment", "POST"): CASES,
    ("submission_xml", "GET"): frozenset({"analyst"}),
    ("edit_page", "GET"): CASES,
    ("edit_data", "GET"): CASES,
    ("save_edit", "POST"): CASES,
    ("duplicates_page", "GET"): CASES,
    ("beside_page", "GET"): frozenset({"supervisor"}),  # the other is of an open wave
    ("choose_counting", "POST"): frozenset({"supervisor"}),
    ("conflict_page", "GET"): CASES,
    ("decide_conflict", "POST"): CASES,
    ("quarantined_page", "GET"): frozenset({"analyst"}),
    ("quarantined_file", "GET"): frozenset({"analyst"}),
    ("replay_quarantined", "POST"): frozenset({"analyst"}),
    ("repair", "POST"): frozenset({"analyst"}),
    ("set_aside", "POST"): frozenset({"analyst"}),
    ("compare_page", "GET"): REPORTERS,
    ("decide_item", "POST"): frozenset({"analyst"}),
    ("media_file", "GET"): CASES,
    ("media_picture", "GET"): CASES,
    ("links_page", "GET"): frozenset({"supervisor"}),  # the wave is open
    ("tokens_page", "GET"): frozenset({"analyst"}),
    ("make_token", "POST"): frozenset({"analyst"}),
    ("revoke_a_token", "POST"): frozenset({"analyst"}),
    ("webhooks_page", "GET"): ENROLLERS,
    ("make_webhook", "POST"): ENROLLERS,
    ("webhook_page", "GET"): ENROLLERS,
    ("change_webhook", "POST"): ENROLLERS,
    ("quality_page", "GET"): QUALITY,
    ("times_page", "GET"): QUALITY,
    ("others_page", "GET"): frozenset({"supervisor"}),  # the wave is open
    ("quality_cases_page", "GET"): frozenset({"supervisor"}),  # the wave is open
    ("field_sheet", "GET"): QUALITY,
    ("quarantine_page", "GET"): REPORTERS,
    ("devices_page", "GET"): FIELD,
    ("field_page", "GET"): WATCHERS,
    ("planner_page", "GET"): WATCHERS,
    ("sites_page", "GET"): SITES,
    ("upload_sites", "POST"): SITES,
    ("sites_file", "GET"): SITES,
    ("outlines_page", "GET"): SITES,
    ("upload_outlines", "POST"): SITES,
    ("remove_outlines", "POST"): SITES,
    ("new_site_page", "GET"): SITES,
    ("new_site", "POST"): SITES,
    ("site_page", "GET"): SITES,
    ("change_site", "POST"): SITES,
    ("samples_page", "GET"): DESIGN,
    ("draw", "POST"): DESIGN,
    ("sample_page", "GET"): DESIGN,
    ("sample_file", "GET"): DESIGN,
    ("use", "POST"): DESIGN,
    ("teams_page", "GET"): SENDERS,
    ("new_team", "POST"): SENDERS,
    ("team_page", "GET"): SENDERS,
    ("change_team", "POST"): SENDERS,
    ("assignments_page", "GET"): SENDERS,
    ("assign_team", "POST"): SENDERS,
    ("withdraw_assignments", "POST"): SENDERS,
    ("wave_site_page", "GET"): SENDERS,
    ("draw_dwellings", "POST"): SENDERS,
    ("release", "POST"): SENDERS,
    ("substitute", "POST"): SENDERS,
    ("check_ins_page", "GET"): GUARDIANS | {"data-protection"},
    ("stops_page", "GET"): GUARDIANS,
    ("order", "POST"): GUARDIANS,
    ("lift", "POST"): GUARDIANS,
    ("policies_page", "GET"): POLICY,
    ("change_policies", "POST"): POLICY,
    ("phone_rules_page", "GET"): POLICY,
    ("change_phone_rules", "POST"): POLICY,
    ("new_wave_page", "GET"): WAVES,
    ("new_wave", "POST"): WAVES,
    ("opening_page", "GET"): WAVES,
    ("new_paper", "POST"): WAVES,
    ("change_wave", "POST"): WAVES,
    ("open_the_wave", "POST"): WAVES,
    ("lost_page", "GET"): FIELD,
    ("report_lost", "POST"): FIELD,
    ("incidents_page", "GET"): FIELD,
    ("close", "POST"): FIELD,
    ("enrol", "POST"): ENROLLERS,
    ("revoke", "POST"): ENROLLERS,
    ("see_alarm", "POST"): ENROLLERS,
    ("collect_page", "GET"): ENROLLERS,
    ("add_collect", "POST"): ENROLLERS,
    ("entities_page", "GET"): SENDERS,
    ("entity_list_page", "GET"): SENDERS,
    ("entity_page", "GET"): SENDERS,
    ("change_entity", "POST"): SENDERS,
    ("release_waiting", "POST"): SENDERS,
    ("outbox_file_page", "GET"): ENROLLERS,
    ("take_outbox_file", "POST"): ENROLLERS,
    ("audit_page", "GET"): frozenset({"administrator", "security", "data-protection"}),
    ("retention_page", "GET"): frozenset({"data-protection"}),
    ("change_retention", "POST"): frozenset({"data-protection"}),
    ("apply_rules", "POST"): frozenset({"data-protection"}),
    ("withdraw_interview", "POST"): frozenset({"data-protection"}),
    ("exports_page", "GET"): REPORTERS,
    ("make_export_file", "POST"): REPORTERS,
    ("export_page", "GET"): REPORTERS,
    ("export_file", "GET"): REPORTERS,
    ("reports_page", "GET"): REPORTERS,
    ("make_report", "POST"): REPORTERS,
    ("report_page", "GET"): REPORTERS,
    ("report_file", "GET"): REPORTERS,
    ("cube_page", "GET"): REPORTERS,
    ("cube_json", "GET"): REPORTERS,
    ("cube_csv", "GET"): REPORTERS,
    ("restricted_page", "GET"): frozenset({"coordinator", "integrity-officer"}),
    ("follow_report", "POST"): frozenset({"integrity-officer"}),
    ("change_alerts", "POST"): frozenset({"integrity-officer"}),
    ("settings_page", "GET"): ENROLLERS,
    ("change_settings", "POST"): ENROLLERS,
    ("new_programme_page", "GET"): ADMINISTRATORS,
    ("new_programme", "POST"): ADMINISTRATORS,
    ("indicators_page", "GET"): REPORTERS,
    ("framework_page", "GET"): REPORTERS,
    ("indicator_page", "GET"): REPORTERS,
    ("change_indicator", "POST"): REPORTERS,
    ("new_indicator_page", "GET"): REPORTERS,
    ("new_indicator", "POST"): REPORTERS,
    ("decisions_page", "GET"): REPORTERS,
    ("decision_page", "GET"): REPORTERS,
    ("write_down", "POST"): WAVES,
    ("sign", "POST"): REPORTERS,
    ("withdraw_the_decision", "POST"): WAVES,
    ("people_page", "GET"): ADMINISTRATORS,
    ("add", "POST"): ADMINISTRATORS,
    ("person_page", "GET"): ADMINISTRATORS,
    ("change_roles", "POST"): ADMINISTRATORS,
    ("new_link", "POST"): ADMINISTRATORS,
    ("change_details", "POST"): ADMINISTRATORS,
    ("change_administrator", "POST"): ADMINISTRATORS,
    ("change_active", "POST"): ADMINISTRATORS,
    ("reset_factor", "POST"): ADMINISTRATORS,
}
PUBLIC = {"login_page", "login", "set_language", "link_page", "take_link", "take_second_factor_link"}
VALUES = {
    "change_wave_state": {"state": "closed"},
    "enrol": {"label": "T-03", "interviewer": "EN003"},
    "change_roles": {"programme": "norte", "role": ["observer"]},
    "add": {"login": "new", "name": "New", "language": "es"},
}


def private_guards() -> list[Guard]:
    return [guard for guard in GUARDS if not guard.public]


def name_of(guard: Guard) -> str:
    return guard.endpoint.removeprefix("office.")


def address_of(guard: Guard, world: World, programme: str = "norte") -> str:
    path = guard.rule.replace("<code>", programme)
    path = path.replace("<int:wave_id>", str(world.open.id)).replace("<int:device_id>", str(world.device_id))
    path = path.replace("<int:submission_id>", str(world.submissions[0])).replace("<int:media_id>", "1")
    path = path.replace("<int:alarm_id>", "1").replace("<int:number>", "1")
    path = path.replace("<form_id>", "mini")
    path = path.replace("<int:other_id>", str(world.submissions[1]))
    path = path.replace("<int:person_id>", str(world.people["observer"]))
    for name, value in world.field.items():
        path = path.replace(f"<int:{name}>", str(value))
    return (
        path.replace("<report>", "0" * 16)
        .replace("<indicator>", "S1")
        .replace("<export>", "0" * 16)
        .replace("<name>", "wave-summary.pdf")
        .replace("<check>", "fast")
        .replace("<int:list_id>", "1")
        .replace("<uuid>", "x")
        .replace("<int:token_id>", "1")
        .replace("<int:webhook_id>", "1")
    )


def visit(browser: Browser, guard: Guard, path: str) -> TestResponse:
    return browser.get(path) if guard.method == "GET" else browser.post(path, VALUES.get(name_of(guard)))


def test_it_has_a_line_in_the_table_for_every_page() -> None:
    assert {(name_of(guard), guard.method) for guard in private_guards()} == set(ALLOWED)
    assert {name_of(guard) for guard in GUARDS if guard.public} == PUBLIC


def test_it_guards_every_route_of_the_office(world: World) -> None:
    routes = {rule.endpoint for rule in world.app.url_map.iter_rules() if rule.rule.startswith("/office")}
    assert routes == {guard.endpoint for guard in GUARDS} | {"office.nowhere"}


@pytest.mark.parametrize("role", PEOPLE)
def test_it_opens_to_a_role_what_the_table_says_and_nothing_else(world: World, role: str) -> None:
    browser = world.browser(role)
    for guard in sorted(private_guards(), key=lambda guard: name_of(guard) == "logout"):
        answer = visit(browser, guard, address_of(guard, world))
        out_of_date = answer.status_code == 403 and "La página ya no está vigente" in answer.text
        let_in = answer.status_code != 403 or (out_of_date and name_of(guard) == "set_up_second_factor")
        assert let_in == (role in ALLOWED[name_of(guard), guard.method]), (guard, answer.status)


def test_it_sends_strangers_to_the_door(world: World) -> None:
    stranger = world.browser()
    for guard in private_guards():
        answer = visit(stranger, guard, address_of(guard, world))
        assert answer.status_code == 303, guard
        assert answer.location.startswith("/office/login"), guard


@pytest.mark.parametrize("role", sorted(EVERYBODY - ADMINISTRATORS))
def test_it_hides_other_programmes_as_if_they_did_not_exist(world: World, role: str) -> None:
    browser = world.browser(role)
    for guard in private_guards():
        if "<code>" in guard.rule:
            assert visit(browser, guard, address_of(guard, world, "sur")).status_code == 404, guard
    assert "Programa del sur" not in browser.get("/office/").text


@pytest.mark.parametrize(
    ("role", "locked", "still_open"),
    [("coordinator", 200, 403), ("analyst", 200, 403), ("supervisor", 200, 200), ("observer", 403, 403)],
)
def test_it_opens_single_submissions_by_role_and_state_of_the_wave(
    world: World, role: str, locked: int, still_open: int
) -> None:
    browser = world.browser(role)
    path = "/office/p/norte/submissions"
    assert browser.get(f"{path}/{world.submissions[0]}").status_code == locked
    assert browser.get(f"{path}/{world.submissions[1]}").status_code == still_open
    if role != "observer":
        listed = browser.get(path).text
        assert f"{path}/{world.submissions[0]}" in listed
        assert (f"{path}/{world.submissions[1]}" in listed) == (still_open == 200)


def test_it_shows_no_submission_of_another_programme(world: World) -> None:
    answer = world.browser("supervisor").get(f"/office/p/norte/submissions/{world.submissions[2]}")
    assert answer.status_code == 404


@pytest.mark.parametrize("role", PEOPLE)
def test_it_never_shows_arms_strata_or_weights(world: World, role: str) -> None:
    browser = world.browser(role)
    results = ("indicators", "results-framework", "decisions", "settings", "restricted", "quarantine", "entities")
    wave_pages = (f"waves/{world.locked.id}", f"waves/{world.open.id}", f"waves/{world.open.id}/quality")
    for path in ("", *wave_pages, *results, "submissions", "devices", "teams", "check-ins"):
        text = browser.get(f"/office/p/norte/{path}").text
        assert not SECRETS.search(text)
    field, wave = world.field, f"waves/{world.open.id}"
    pages = ("sites", f"sites/{field['site_id']}", "field", f"{wave}/assignments", f"{wave}/opening", "samples")
    for path in (*pages, "sites.csv", f"{wave}/sites/{field['site_id']}", f"samples/{field['sample_id']}.csv"):
        text = browser.get(f"/office/p/norte/{path}").text
        assert bool(SECRETS.search(text)) <= (role in DESIGN)


def test_it_keeps_reports_of_unlocked_waves_from_the_coordinator(world: World) -> None:
    values = {"wave": ["W1", "W2"], "language": "es", "edition": "full"}
    assert world.browser("coordinator").post("/office/p/norte/reports", values).status_code == 422


def test_it_prints_both_tables_of_access_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert rights_as_markdown() in readme, rights_as_markdown()
    assert matrix_as_markdown() in readme, matrix_as_markdown()
