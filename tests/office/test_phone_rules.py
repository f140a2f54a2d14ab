"""The page on which the office says how phones lock, what they keep and whether they may ask where they are."""

from __future__ import annotations

from survey_server.db.field.phone_lock import LockPolicy, get_lock_policy
from survey_server.db.field.policies import PhoneRules, phone_rules
from survey_server.db.programmes import get_programme
from tests.office.world import World

HERE = "/office/p/norte/phone-rules"
STRICT = {"level": "passphrase", "lock_after": "60", "lock_on_hide": "yes", "wipe_after": "5"}
RULES = {"draft_days": "3", "keep_sent_days": "0", "gps": "none"}


def test_it_makes_the_rules_stricter_for_phones_that_are_out_already(world: World) -> None:
    browser = world.browser("security")
    assert 'value="pin" selected' in browser.get(HERE).text
    assert browser.post(HERE, STRICT | RULES | {"seen": browser.seen(HERE)}).status_code == 303
    with world.database.reading() as session:
        programme = get_programme(session, "norte")
        assert get_lock_policy(session, programme) == LockPolicy("passphrase", 60, True, 5, False)
        assert phone_rules(programme) == PhoneRules(0, 3, "none")
    shown = browser.get(HERE).text
    assert 'value="passphrase" selected' in shown and 'name="keep_sent_days" value="0"' in shown


def test_it_says_what_it_can_not_take_and_changes_nothing(world: World) -> None:
    browser = world.browser("security")
    for wrong in ({"draft_days": "30"}, {"keep_sent_days": "pocos"}, {"lock_after": "1"}, {"gps": "siempre"}):
        answer = browser.post(HERE, STRICT | RULES | wrong)
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    with world.database.reading() as session:
        assert get_lock_policy(session, get_programme(session, "norte")).level == "pin"
