"""Makes the demo programme: forms published, sites listed, phones enrolled, two waves of every form filled and sent."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Protocol
from uuid import UUID

from flask import Flask

from survey_server import __version__
from survey_server.db.compiled import CompiledVersion, load_version
from survey_server.db.field.devices import add_device
from survey_server.db.field.sites import set_sites, set_wave_sites
from survey_server.db.forms import get_form
from survey_server.db.programmes import add_programme, get_programme, set_plan
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, Session
from survey_server.db.waves import add_wave, get_wave, set_wave_state
from survey_server.demo import community, fieldlog, incidents, justice, returns, training
from survey_server.demo.calendar import GUATEMALA, WAVES, Calendar
from survey_server.demo.observation import demo_posts, encounters
from survey_server.demo.perception import Respondent, demo_sites, respondents
from survey_server.demo.sync import Finished, batches, send
from survey_server.demo.team import add_demo_team
from survey_server.demo.told import Done
from survey_server.demo.walk import Offer, Reader, answer_all
from survey_server.problems import UnknownForm, UnknownWave
from survey_server.xlsform.filling.interview import Interview

CODE = "demo"
SEED = 17
FORMS = Path(__file__).parents[2] / "forms"
PERCEPTION, OBSERVER = "ssr_perception", "ssr_observer"
REPEATED_UPLOADS = 2
ABOUT = {
    "funder": "Financiador de demostración",
    "implementers": "Equipo de demostración",
    "recipients": {"full": ["Coordinación"], "us": ["Embajada de demostración"], "partner": ["Socios de demostración"]},
}
DATA_SETS = ("psus.csv", "posts.csv", "units.csv", "venues.csv")
COMPARED = {PERCEPTION: "demo_sites.csv", OBSERVER: "demo_post_sites.csv"}
"""Forms that are compared wave with wave, and the sites that a wave visits."""

REGISTERS = {
    "ssr_admin_monthly": "demo_unit_sites.csv",
    "ssr_justice": "demo_justice_sites.csv",
    "ssr_incident": "demo_unit_sites.csv",
    "ssr_contact": "demo_sites.csv",
    **dict.fromkeys(("ssr_training", "ssr_followup", "ssr_committee", "ssr_joint", "ssr_backcheck")),
}
"""Forms that are kept all along, in one long wave: from the year before the programme to a year from now."""

REGISTER_WAVE = "Registro"
WORDING_BREAK = (
    "Si capturan a alguien que vende o mueve droga,",
    "Cuando la policía captura a alguien por vender o mover droga,",
)
"""What the second wave asks differently: the trend of this item must end in "not comparable"."""


class Answered(Protocol):
    """A person, an encounter, a return: whoever can say what the form gets to hear."""

    def answer(self, name: str, offered: Offer, read: Reader) -> str:
        """The value for a question."""


@dataclass(frozen=True)
class Interviewed:
    """One form to fill: by whom, when, and what is answered."""

    by: str
    started: datetime
    ended: datetime
    source: Answered


Progress = Callable[[int], None]
Work = Callable[[int], Iterable[Interviewed]]


def make_demo(app: Flask, today: date, progress: Progress) -> None:
    """Create the demo programme in `app`'s database; `progress(n)` is told how many more forms have been sent.

    Two waves are answered and locked; a third begins `today` and is open for whoever tries the phone app.
    """
    database: Database = app.extensions["database"]
    programme_id = _prepare(database, Calendar(today))
    tokens = _Tokens(database, programme_id)
    rng, later = Random(SEED), Random(SEED + 1)
    story = _Story(Calendar(today), rng, later)
    for form_id, work in story.registers.items():
        filled = _fill(_load(database, programme_id, form_id), work(), tokens, later)
        _send_all(app, filled, progress, repeats=0)
    for wave in WAVES:
        for form_id, told in story.waves.items():
            _publish(database, programme_id, form_id, wave)
            chance = rng if form_id in COMPARED else later
            filled = _fill(_load(database, programme_id, form_id), told(wave), tokens, chance)
            _send_all(app, filled, progress, repeats=REPEATED_UPLOADS if wave == 2 and form_id == PERCEPTION else 0)
            if form_id in COMPARED:
                _lock(database, programme_id, form_id, wave)


def is_demo_whole(session: Session) -> bool:
    """Whether the demo was made to its end: its last wave of observation is locked."""
    try:
        form = get_form(session, get_programme(session, CODE).id, OBSERVER)
        return get_wave(session, form, f"W{WAVES[-1]}").state == "locked"
    except (UnknownForm, UnknownWave):
        return False


def demo_size() -> int:
    """About how many forms the demo sends, for a progress bar."""
    return 2 * (1200 + 30 + 360 + 660 + 133 + 168 + 60 + 360) + 50 + 260 + 65 + 24


class _Story:
    """What is filled in each form and wave, by the form's id, in the order in which it is sent."""

    def __init__(self, calendar: Calendar, rng: Random, later: Random) -> None:
        self._calendar, self._rng, self._later = calendar, rng, later
        self._people: dict[int, list[Respondent]] = {}
        self._units = read_rows("units.csv")

    @property
    def registers(self) -> dict[str, Callable[[], Iterator[Interviewed]]]:
        """What is registered month by month; courses and what comes of them only in the programme's year."""
        calendar, units, rng = self._calendar, self._units, self._later
        return {
            "ssr_admin_monthly": lambda: _filled(returns.monthly_returns(units, calendar), 5),
            "ssr_justice": lambda: _filled(justice.justice_returns(units, calendar), 5),
            "ssr_incident": lambda: _filled(incidents.incidents(units, calendar, rng), 4),
            "ssr_training": lambda: _filled(training.sessions(calendar, rng), 25),
            "ssr_followup": lambda: _filled(training.follow_ups(calendar, rng), 11),
            "ssr_committee": lambda: _filled(community.meetings(calendar), 15),
            "ssr_joint": lambda: _filled(community.joint_activities(calendar), 8),
        }

    @property
    def waves(self) -> dict[str, Work]:
        """What happens in the weeks of interviews and observation."""
        return {
            PERCEPTION: self._interviews,
            "ssr_contact": lambda wave: _filled(fieldlog.visits(self._people[wave], self._later), 1),
            "ssr_backcheck": lambda wave: _filled(fieldlog.back_checks(self._people[wave], self._later), 6),
            OBSERVER: self._observations,
        }

    def _interviews(self, wave: int) -> Iterator[Interviewed]:
        first_day = self._calendar.fieldwork[wave - 1][0]
        sites = demo_sites(read_rows("demo_sites.csv"), Random(SEED))
        self._people[wave] = respondents(sites, wave, first_day, self._rng)
        for person in self._people[wave]:
            ended = person.started + timedelta(minutes=person.minutes)
            yield Interviewed(person.interviewer, person.started, ended, person)

    def _observations(self, wave: int) -> Iterator[Interviewed]:
        first_day = self._calendar.fieldwork[wave - 1][0]
        for encounter in encounters(demo_posts(read_rows("posts.csv"), Random(SEED)), wave, first_day, self._rng):
            ended = encounter.started + timedelta(seconds=encounter.seconds + 60)
            yield Interviewed(encounter.observer, encounter.started, ended, encounter)


def _filled(done: Iterable[Done], minutes: int) -> Iterator[Interviewed]:
    for one in done:
        yield Interviewed(one.by, one.started, one.started + timedelta(minutes=minutes), one.told)


def _prepare(database: Database, calendar: Calendar) -> int:
    with database.transaction() as session:
        programme = add_programme(session, CODE, "Programa de demostración", demo=True)
        set_plan(session, programme, training.plan(calendar), actor="demo")
        programme.policies = {**programme.policies, **ABOUT}
        tables = dict.fromkeys(name for name in (*COMPARED.values(), *REGISTERS.values()) if name)
        set_sites(session, programme.id, [site for name in tables for site in _sites(name)], actor="demo")
        programme_id = programme.id
    for path in sorted(FORMS.glob("ssr_*.md")):
        _publish(database, programme_id, path.stem, 1)
    waves = {f"W{number}": span for number, span in enumerate(calendar.fieldwork, start=1)}
    register = {REGISTER_WAVE: (calendar.years[0][0], calendar.years[-1][1])}
    for forms, spans in ((COMPARED, waves), (REGISTERS, register)):
        for form_id, sites in forms.items():
            _add_waves(database, programme_id, form_id, spans, read_rows(sites) if sites else [])
    add_demo_team(database, programme_id, PERCEPTION, OBSERVER, f"W{WAVES[-1] + 1}")
    return programme_id


def _add_waves(
    database: Database,
    programme_id: int,
    form_id: str,
    spans: Mapping[str, tuple[date, date]],
    sites: Sequence[dict[str, str]],
) -> None:
    with database.transaction() as session:
        form = get_form(session, programme_id, form_id)
        for name, (first_day, last_day) in spans.items():
            row = add_wave(session, form, name, first_day, last_day, state="open")
            if sites:
                set_wave_sites(session, row, [site["code"] for site in sites], actor="demo")


def _lock(database: Database, programme_id: int, form_id: str, wave: int) -> None:
    with database.transaction() as session:
        form = get_form(session, programme_id, form_id)
        set_wave_state(session, get_wave(session, form, f"W{wave}"), "locked", actor="demo")


def _publish(database: Database, programme_id: int, form_id: str, wave: int) -> None:
    """Publish a form as it stood in a wave: the perception survey of wave 2 asks one question in other words."""
    source = (FORMS / f"{form_id}.md").read_text()
    if form_id == PERCEPTION and wave == 2:
        source = source.replace(*WORDING_BREAK).replace("| ssr_perception | 2026", "| ssr_perception | 2027")
    data = {name: (FORMS / name).read_bytes() for name in DATA_SETS if name in source}
    publish_form(database, programme_id, f"{form_id}.md", source.encode(), data, actor="demo")


def _load(database: Database, programme_id: int, form_id: str) -> CompiledVersion:
    with database.reading() as session:
        version_id = get_form(session, programme_id, form_id).current_version_id
        assert version_id is not None
        return load_version(session, programme_id, version_id)


def _fill(version: CompiledVersion, work: Iterable[Interviewed], tokens: _Tokens, rng: Random) -> Iterator[Finished]:
    for task in work:
        interview = Interview(
            version.form,
            properties={"username": task.by, "deviceid": f"demo-{task.by}"},
            now=task.started,
            tz=str(GUATEMALA),
            random=rng.random,
        )
        answer_all(interview, task.source.answer)
        instance_id = f"uuid:{UUID(int=rng.getrandbits(128), version=4)}"
        xml = interview.finish(instance_id=instance_id, now=task.ended)
        yield Finished(instance_id, version.form.id, version.form.version, tokens.of(task.by), task.ended, xml)


def _send_all(app: Flask, filled: Iterator[Finished], progress: Progress, repeats: int) -> None:
    """Send everything, the clock at the evening of the day of each batch; the last few are sent a second time."""
    client = app.test_client()
    sent: list[list[Finished]] = []
    for batch in batches(list(filled)):
        evening = datetime.combine(batch[0].ended.date(), time(18, 45), GUATEMALA)
        app.config["CLOCK"] = lambda moment=evening: moment.astimezone(UTC)
        send(client, batch, __version__)
        sent.append(batch)
        progress(len(batch))
    if repeats:
        send(client, sent[-1][:repeats], __version__)


class _Tokens:
    """One enrolled phone for each interviewer and observer, enrolled when first needed."""

    def __init__(self, database: Database, programme_id: int) -> None:
        self._database = database
        self._programme_id = programme_id
        self._known: dict[str, str] = {}

    def of(self, code: str) -> str:
        """The token of this person's phone."""
        if code not in self._known:
            with self._database.transaction() as session:
                self._known[code] = add_device(session, self._programme_id, f"Teléfono {code}", code)[1]
        return self._known[code]


def _sites(name: str) -> list[dict[str, str | None]]:
    return [{column: text or None for column, text in row.items()} for row in read_rows(name)]


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the demo's tables in forms/."""
    with (FORMS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
