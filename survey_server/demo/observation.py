"""The invented encounters at checkpoints: two waves, all four observation modes, every fifth encounter seen by two.

Planted: officers meet the standard 23 points more often when the observation is announced than when it is discreet or
read from a recording, in both waves; in the second wave, posts whose officers took a course do better in the modules
that it taught, and the less the longer ago it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from survey_server.demo.calendar import GUATEMALA
from survey_server.demo.walk import Offer, Reader

HAWTHORNE_GAP = 23.0
ENCOUNTERS_PER_WAVE = 300
PAIRED_SHARE = 0.2
ENCOUNTERS_PER_VISIT = 10
ANNOUNCED, UNANNOUNCED, DISCREET, RECORDING = "1", "2", "3", "4"
COMPLIANCE = {ANNOUNCED: 78.0, UNANNOUNCED: 63.0, DISCREET: 78.0 - HAWTHORNE_GAP, RECORDING: 78.0 - HAWTHORNE_GAP}
TAUGHT = ("1", "2", "4", "6")
MONTHS_SINCE = {
    "GTP01": 1,
    "GTP06": 1,
    "GTP10": 4,
    "GTP03": 4,
    "GTP02": 7,
    "GTP08": 7,
    "GTP11": 10,
    "GTP05": 10,
}
"""How many months before the second wave the officers of a post took their course.

Spread so that announced and covert visits meet posts with courses alike: the effect of being watched stays what it is.
"""
LIFT = {1: 14.0, 4: 8.0, 7: 3.0, 10: 0.0}
"""How much better a post is in what was taught, in points, by months since the course."""
_PLAN = [UNANNOUNCED] * 12 + [DISCREET] * 9 + [ANNOUNCED] * 5 + [RECORDING] * 4


@dataclass(frozen=True)
class DemoPost:
    """A checkpoint; `lift` is how much better than the average it works, in points."""

    code: str
    country: str
    department: str
    kind: str
    lift: float


@dataclass(frozen=True)
class Visit:
    """One visit of an observer team to a post."""

    post: DemoPost
    wave: int
    code: str
    ordinal: int
    mode: str
    arrived: datetime


@dataclass
class Encounter:
    """One encounter between an officer and a traveller, as one observer noted it."""

    visit: Visit
    number: int
    observer: str
    partner: str | None
    started: datetime
    seconds: int
    truth: dict[str, str]
    rng: Random
    slips: float = 0.0

    def answer(self, name: str, offered: Offer, read: Reader) -> str:
        """The value for the question `name`, as the form stores it; a slip is a score that this observer misread."""
        if name in self._circumstances:
            return self._circumstances[name]
        choices = offered()
        truth = self.truth.setdefault(name, self._truth_of(name, choices))
        if set(choices) >= {"0", "1", "2", "77"} and self.rng.random() < self.slips:
            return self.rng.choice(["0", "1", "2"])
        return truth

    @property
    def _circumstances(self) -> dict[str, str]:
        visit = self.visit
        ended = self.started + timedelta(seconds=self.seconds)
        return {
            "wave": str(visit.wave),
            "country": visit.post.country,
            "adm1": visit.post.department,
            "post_type": visit.post.kind,
            "post": visit.post.code,
            "visit_no": visit.code,
            "visit_ord": str(visit.ordinal),
            "obs_mode": visit.mode,
            "paired": "1" if self.partner else "0",
            "obs2_id": self.partner or "",
            "arrive_t": _clock(visit.arrived),
            "seen_us": "1" if visit.mode == ANNOUNCED else "0",
            "enc_ref": f"{self.number:02d}",
            "enc_start": _clock(self.started),
            "enc_end": _clock(ended),
            "off_ref": "2",
            "off_alias": "",
            "flag_rep": "0",
            "m4_min": "6",
            "n_officers": "4",
            "light": "1",
            "picked": "1",
            "certainty": "1",
        }

    def _truth_of(self, name: str, choices: list[str]) -> str:
        if set(choices) >= {"0", "1", "2", "77"}:
            return self._score(name)
        if "10" in choices and "0" in choices:
            return "0" if self.rng.random() < 0.94 else self.rng.choice(["3", "4", "7"])
        if set(choices) == {"0", "1"}:
            return "1" if self.rng.random() < 0.25 else "0"
        usual = [code for code in choices if code not in {"66", "77", "88", "99", "3"} or len(choices) < 4]
        return self.rng.choice(usual) if usual else "2"

    def _score(self, name: str) -> str:
        """Met, partly or not met, so that the expected score is the compliance of the mode, post and module."""
        draw = self.rng.random()
        if draw < 0.04:
            return "77" if draw < 0.025 else "66"
        share = min(max((COMPLIANCE[self.visit.mode] + self.visit.post.lift + self._learned(name)) / 100, 0.02), 0.98)
        partly = 0.16
        draw = self.rng.random()
        if draw < share - partly / 2:
            return "2"
        return "1" if draw < share + partly / 2 else "0"

    def _learned(self, name: str) -> float:
        """What a course adds: only after it, only in its modules."""
        since = MONTHS_SINCE.get(self.visit.post.code)
        taught = name.removeprefix("m").partition("_")[0] in TAUGHT
        return LIFT[since] if since is not None and taught and self.visit.wave == 2 else 0.0


def demo_posts(rows: list[dict[str, str]], rng: Random) -> list[DemoPost]:
    """The open posts of the list that phones carry, each with a lasting lift of its own."""
    return [
        DemoPost(row["name"], row["name"][:2], row["adm1"], row["type"], rng.gauss(0, 4))
        for row in rows
        if row["status"] == "open"
    ]


def encounters(posts: list[DemoPost], wave: int, first_day: date, rng: Random) -> list[Encounter]:
    """The encounters of a wave in order; those of a pair come one after the other with the same encounter code."""
    found = []
    for number in range(ENCOUNTERS_PER_WAVE // ENCOUNTERS_PER_VISIT):
        visit = _visit(posts[number % len(posts)], number, number // len(posts) + 1, wave, first_day, rng)
        for i in range(ENCOUNTERS_PER_VISIT):
            found += _seen_by_one_or_two(visit, i, number, rng)
    return found


def _visit(post: DemoPost, number: int, ordinal: int, wave: int, first_day: date, rng: Random) -> Visit:
    arrived = datetime.combine(first_day + timedelta(days=number % 20), time(8 + number % 8, 0), GUATEMALA)
    code = f"V{wave}{number:03d}"
    return Visit(post, wave, code, ordinal, _PLAN[number % len(_PLAN)], arrived + timedelta(minutes=rng.randrange(30)))


def _seen_by_one_or_two(visit: Visit, i: int, number: int, rng: Random) -> list[Encounter]:
    started = visit.arrived + timedelta(minutes=4 + 8 * i + rng.randrange(3))
    seconds = rng.randrange(90, 400)
    first, second = f"OB{number % 8 + 1:03d}", f"OB{(number + 3) % 8 + 1:03d}"
    paired = i % round(1 / PAIRED_SHARE) == 0
    truth: dict[str, str] = {}
    seen = [Encounter(visit, i + 1, first, second if paired else None, started, seconds, truth, Random(rng.random()))]
    if paired:
        seen.append(Encounter(visit, i + 1, second, first, started, seconds, truth, Random(rng.random()), slips=0.08))
    return seen


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:00.000-06:00")
