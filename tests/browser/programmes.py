"""A programme made for one test, with its own forms and sites, and a phone that belongs to it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.field.phone_lock import LockPolicy, set_lock_policy
from survey_server.db.field.sites import set_sites
from survey_server.db.forms import get_form
from survey_server.db.models import Programme, now
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from tests.browser.field import Phone, Server, reload, wait_told, wait_whole
from tests.browser.interviewing import choose_pin

ME = "command"


def add_patient(session: Session, code: str, name: str, *, demo: bool = True) -> Programme:
    """A programme whose phones lock after an hour: a busy machine may leave one untouched for more than two minutes."""
    made = add_programme(session, code, name, demo=demo)
    policy = LockPolicy("pin" if demo else "passphrase", lock_after=3600)
    set_lock_policy(session, made, policy, actor=ME)
    return made


def lock_after_two_minutes(page: Page) -> None:
    """The phone follows the usual rule from now on."""
    change_stored(page, "vault", "policy", "return { ...value, lock_after: 120 };")
    reload(page)


def make_programme(
    database: Database, forms: Mapping[str, str], sites: Sequence[Mapping[str, Any]] = (), *, demo: bool = True
) -> Programme:
    """A programme with these forms, each with an open wave; a demo asks for a PIN, others for a passphrase."""
    with database.transaction() as session:
        made = add_patient(session, f"p{secrets.token_hex(4)}", "Programa", demo=demo)
        if sites:
            set_sites(session, made.id, list(sites), actor=ME)
    for name, form in forms.items():
        publish_form(database, made.id, f"{name}.md", form.encode())
        with database.transaction() as session:
            today = now().date()
            row = get_form(session, made.id, name)
            add_wave(session, row, "Ola 1", today - timedelta(days=3), today + timedelta(days=3), state="open")
    return made


def enrolled(phone: Phone, server: Server, database: Database, programme: Programme, label: str) -> Page:
    """The phone, enrolled, with the programme's forms on it."""
    with database.transaction() as session:
        code = add_enrolment(session, programme.id, label, "OB007")
    page = phone.open()
    page.goto(enrol_link(server.address, code))
    choose_pin(page)
    page.locator("main section:last-of-type a.card").first.wait_for()
    wait_whole(page)
    wait_told(page)
    return page


def refresh(page: Page) -> None:
    """Ask the office again now, and not in a quarter of an hour."""
    page.evaluate(
        """async () => {
          const { syncNow } = await import(`/static/${document.documentElement.dataset.version}/js/sync.js`);
          await syncNow({ catalogue: true });
        }"""
    )


def change_stored(page: Page, store: str, key: str | None, change: str) -> None:
    """Change values of the phone's database, as time or a fault would: `change` is the body of (value) => …"""
    page.evaluate(
        f"""([store, wanted]) => new Promise((done, fail) => {{
          const apply = (value) => {{ {change} }};
          indexedDB.open('encuesta').onsuccess = ({{ target: {{ result: database }} }}) => {{
            const transaction = database.transaction(store, 'readwrite');
            transaction.oncomplete = () => {{ database.close(); done(); }};
            transaction.onabort = () => fail(transaction.error);
            transaction.objectStore(store).openCursor().onsuccess = ({{ target: {{ result: cursor }} }}) => {{
              if (!cursor) return;
              if (wanted === null || cursor.key === wanted) {{
                const value = apply(cursor.value);
                if (value === undefined) cursor.delete();
                else cursor.update(value);
              }}
              cursor.continue();
            }};
          }};
        }})""",
        [store, key],
    )


def put_stored(page: Page, store: str, key: str, value: object) -> None:
    """Write one value as the app does, and tell its views."""
    page.evaluate(
        """async ([store, key, value]) => {
          const at = `/static/${document.documentElement.dataset.version}/js/`;
          await (await import(`${at}store.js`)).commit([{ store, key, value }]);
          const { tell } = await import(`${at}bus.js`);
          for (const name of ['queue', 'drafts', 'catalogue']) tell(name);
        }""",
        [store, key, value],
    )
