"""What the office sees of seals: which key a wave uses, and phones that were opened under force."""

from __future__ import annotations

from survey_server.db.field.phone_lock import add_alarm, list_alarms
from survey_server.db.intake.keys import NO_WAVE, find_key_of_wave, register_key, tell_keys
from survey_server.db.models import Programme, now
from survey_server.db.waves import list_waves
from survey_server.sealing import fingerprint, make_key, sign_statement
from tests.office.world import World

PROGRAMME = "/office/p/norte/"


def test_it_shows_the_fingerprint_of_a_wave_as_its_phones_do(world: World) -> None:
    browser = world.browser("coordinator")
    path = f"{PROGRAMME}waves/{world.open.id}"
    tell_keys(world.database, world.app.extensions["keyring"], world.here.id)
    with world.database.reading() as session:
        key = find_key_of_wave(session, world.here.id, world.open.id)
    assert key is not None
    text = browser.get(path).text
    assert key.fingerprint in text and key.office_fingerprint in text and "Perfil 1" in text


def test_it_says_when_only_the_keeper_of_the_key_opens_a_wave(world: World) -> None:
    sealing, office = make_key(), make_key()
    told = ("norte", sealing, office, [sign_statement(office, sealing, "norte")])
    with world.database.transaction() as session:
        programme = session.get_one(Programme, world.here.id)
        waves = [NO_WAVE, *(wave.id for wave in list_waves(session, programme.id))]
        register_key(session, world.app.extensions["keyring"], programme, told, waves, "test")
    text = world.browser("coordinator").get(f"{PROGRAMME}waves/{world.open.id}").text
    assert "Perfil 2" in text and fingerprint(sealing.thumbprint()) in text


def test_it_shows_a_phone_that_was_forced_open_until_somebody_takes_care_of_it(world: World) -> None:
    browser = world.browser("coordinator")
    assert "emergencia" not in browser.get(f"{PROGRAMME}devices").text
    with world.database.transaction() as session:
        add_alarm(session, world.here.id, world.device_id, now())
        alarm_id = list_alarms(session, world.here.id)[0][0].id
    assert "T-01" in browser.get(f"{PROGRAMME}devices").text.partition("emergencia")[2]
    assert browser.post(f"{PROGRAMME}alarms/{alarm_id}/seen").status_code == 303
    assert "emergencia" not in browser.get(f"{PROGRAMME}devices").text
