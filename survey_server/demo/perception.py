"""The invented people of the perception survey: two waves with planted truths that the report must find.

Planted: a rise of 6 points in feeling safe after dark in the programme areas; everywhere, fewer victims of violence
(a quarter less) of whom more go to the police (from about 30 to about 51 of a hundred); and one interviewer who makes
interviews up in the second wave. Everything else is the same in both waves, so whatever else the report claims is a
false alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from survey_server.demo.calendar import GUATEMALA
from survey_server.demo.perception_answers import FACTS, FACTS_LATER, OPINIONS
from survey_server.demo.scales import NORMAL, correlated
from survey_server.demo.walk import Offer, Reader

RISE_IN_SAFETY = 6.0
FABRICATOR = "EN07"
INTERVIEWS_PER_SITE = 20
GOLDEN = (5**0.5 - 1) / 2
DRAWN = "/data/select_grp/sel_pos"
TEAMS, TEAM_SIZE = 5, 3
_MISSING = {"66", "77", "88", "99", "-88", "-99"}


@dataclass(frozen=True)
class DemoSite:
    """A sampling point as the demo needs it; `lift` is how much safer it feels than the average, in points."""

    code: str
    country: str
    department: str
    programme: bool
    lift: float


@dataclass
class Respondent:
    """One invented person and the circumstances of the interview; `answer` says what the form gets to hear."""

    site: DemoSite
    wave: int
    dwelling: int
    interviewer: str
    started: datetime
    minutes: float
    rng: Random
    position: float = 0.5
    refuses: bool = False
    adults: list[tuple[int, str]] = field(default_factory=list)
    chosen: int = 0
    asked_ages: int = 0
    asked_sexes: int = 0
    told: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mood = self.rng.random()
        self.adults = [(age, self.rng.choice("12")) for age in self._ages()]
        self.indigenous = self.rng.random() < 0.44

    def _ages(self) -> list[int]:
        count = self.rng.choices([1, 2, 3, 4, 5], [14, 46, 22, 12, 6])[0]
        return sorted((int(18 + 60 * self.rng.betavariate(1.2, 2.4)) for _ in range(count)), reverse=True)

    @property
    def invented(self) -> bool:
        """Whether the interviewer makes this interview up."""
        return self.interviewer == FABRICATOR and self.wave == 2

    @property
    def case_id(self) -> str:
        """The code of this interview, as the form makes it."""
        return f"{self.site.code}-D{self.dwelling:03d}-W{self.wave}"

    def answer(self, name: str, offered: Offer, read: Reader) -> str:
        """The value for the question `name`, as the form stores it; free text stays blank."""
        self.told[name] = self._answer(name, offered, read)
        return self.told[name]

    def _answer(self, name: str, offered: Offer, read: Reader) -> str:
        if name in ("age", "sex"):
            self.chosen = int(read(DRAWN) or 1) - 1
        if name in self._circumstances:
            return self._circumstances[name]
        if name == "r_age":
            self.asked_ages += 1
            return str(self.adults[self.asked_ages - 1][0])
        if name == "r_sex":
            self.asked_sexes += 1
            return self.adults[self.asked_sexes - 1][1]
        if name == "safe_night":
            return self._feels_after_dark()
        if name in OPINIONS:
            return self._opinion(name)
        if name in FACTS:
            facts = FACTS_LATER if self.wave == 2 and name in FACTS_LATER else FACTS
            return facts[name].code_at(self.rng.random())
        return self._any_of(offered())

    @property
    def _circumstances(self) -> dict[str, str]:
        age, sex = self.adults[self.chosen]
        return {
            "wave": str(self.wave),
            "country": self.site.country,
            "adm1": self.site.department,
            "psu": self.site.code,
            "psu_point": "",
            "dwelling": str(self.dwelling),
            "n_adults": str(len(self.adults)),
            "sel_method": "1",
            "sel_status": "1",
            "consent": "0" if self.refuses else "1",
            "refuse_why": "2",
            "int_lang": "1",
            "privacy_ok": "3" if self.dwelling % 13 == 0 else "1",
            "z_privacy": "1",
            "age": str(age),
            "sex": sex,
            "ethnic": "1" if self.indigenous else "4",
            "home_lang": "1",
            "result": "5" if self.refuses else "1",
        }

    def _feels_after_dark(self) -> str:
        lift = self.site.lift + (RISE_IN_SAFETY if self.wave == 2 and self.site.programme else 0)
        return OPINIONS["safe_night"].shifted(("1", "2"), lift).code_at(self.position)

    def _opinion(self, name: str) -> str:
        if self.invented and name.startswith(("tr_", "pj_", "j_")):
            return "4" if name.startswith("tr_") else "2"
        lifted = NORMAL.cdf(NORMAL.inv_cdf(self.mood) - self.site.lift / 40)
        return OPINIONS[name].code_at(correlated(lifted, self.rng.random(), 0.45))

    def _any_of(self, choices: list[str]) -> str:
        usual = [code for code in choices if code not in _MISSING]
        return self.rng.choice(usual) if usual else ""


def demo_sites(rows: list[dict[str, str]], rng: Random) -> list[DemoSite]:
    """The sampling points of the office's site table, each with a lasting lift of its own."""
    return [
        DemoSite(row["code"], row["country"], row["department"], row["arm"] == "programme", rng.gauss(0, 7))
        for row in rows
    ]


def respondents(sites: list[DemoSite], wave: int, first_day: date, rng: Random) -> list[Respondent]:
    """Twenty interviews a site, and a refusal in every second one, in the order of fieldwork."""
    return [
        person
        for number, site in enumerate(sites)
        for person in _at_site(site, number, wave, first_day + timedelta(days=2 * (number // TEAMS)), rng)
    ]


def _at_site(site: DemoSite, number: int, wave: int, day: date, rng: Random) -> list[Respondent]:
    """The interviews of one site, one of twenty-one a refusal in every second site."""
    count = INTERVIEWS_PER_SITE + number % 2
    team = number % TEAMS
    clock: dict[str, datetime] = {}
    people = []
    for i in range(count):
        interviewer = f"EN{team * TEAM_SIZE + i % TEAM_SIZE + 1:02d}"
        started = clock.get(interviewer) or datetime.combine(day, time(8, rng.randrange(5, 50)), GUATEMALA)
        invented = interviewer == FABRICATOR and wave == 2
        minutes = rng.uniform(5, 8) if invented else max(13.0, rng.lognormvariate(3.1, 0.22))
        people.append(
            Respondent(
                site=site,
                wave=wave,
                dwelling=100 * wave + 3 * i + 1,
                interviewer=interviewer,
                started=started,
                minutes=2.0 if i >= INTERVIEWS_PER_SITE else minutes,
                rng=Random(rng.random()),
                refuses=i >= INTERVIEWS_PER_SITE,
            )
        )
        clock[interviewer] = started + timedelta(minutes=minutes + rng.uniform(12, 40))
    _spread(people, rng.random())
    return people


def _spread(people: list[Respondent], offset: float) -> None:
    """Spread positions evenly over the site and over small and large homes, so that weighted shares follow the plan."""
    for k, person in enumerate(sorted(people, key=lambda person: len(person.adults))):
        person.position = (offset + k * GOLDEN) % 1
