"""How long the questions of a wave take, by the time logs of its latest interviews: by part, interviewer, question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from flask import current_app

from survey_server.db.analysis.quality_facts import logs_of_wave
from survey_server.db.intake.keys import Keyring
from survey_server.db.media.pieces import open_media
from survey_server.db.models import Wave
from survey_server.db.session import Session
from survey_server.problems import Problem
from survey_server.reports.quality.wave_quality_data import read_wave_quality
from survey_server.web.media import get_store
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.results.quality import get_wave, own_people
from survey_server.web.office.review.timeline import AUDIT
from survey_server.web.office.roles import Right
from survey_server.xlsform.received.trail import Trail, read_trail

MOST_LOGS = 200
HASTY_SECONDS = 1.0
_FEW = 5


@dataclass(frozen=True)
class TimedLine:
    """A question, a part of the form or a person: seconds, one for each log."""

    name: str
    label: str
    n: int
    p10: float
    median: float
    p90: float
    changed: int = 0
    hasty: int = 0


@dataclass
class Times:
    """What the logs of a wave tell together."""

    logs: int = 0
    questions: list[TimedLine] = field(default_factory=list)
    parts: list[TimedLine] = field(default_factory=list)
    people: list[TimedLine] = field(default_factory=list)


@page("/p/<code>/waves/<int:wave_id>/quality/times", Right.QUALITY)
def times_page(visit: Visit, wave_id: int) -> Answer:
    """The seconds spent on each question in the wave; a supervisor sees their own people's."""
    with reading(visit) as session:
        form, wave = get_wave(session, visit, wave_id)
        view = read_wave_quality(session, visit.here, form, wave)
        own = own_people(session, visit)
        trails = list(_trails(session, wave))
    asked = {} if view is None else view.quality.sample.data.questionnaire.by_name
    labels = {name: visit.texts.of(item.labels, "") for name, item in asked.items()}
    mine = [(who, trail) for who, trail in trails if own is None or who in own]
    return render("times.html", wave=wave, told=add_up(mine, labels))


def add_up(trails: Sequence[tuple[str, Trail]], labels: Mapping[str, str]) -> Times:
    """The logs together: questions in the order in which they were asked, parts and people by name."""
    questions, parts, people = (defaultdict[str, list[float]](list) for _ in range(3))
    changed, hasty = defaultdict[str, int](int), defaultdict[str, int](int)
    for who, trail in trails:
        in_part = defaultdict[str, float](float)
        for one in trail.questions:
            name = one.path.rpartition("/")[2]
            questions[name].append(one.seconds)
            changed[name] += bool(one.changes)
            hasty[name] += one.seconds < HASTY_SECONDS
            in_part[_part_of(one.path)] += one.seconds
        for part, seconds in in_part.items():
            parts[part].append(seconds)
        people[who or "–"].append(trail.seconds)
    told = [
        replace(_line(name, labels.get(name, ""), seconds), changed=changed[name], hasty=hasty[name])
        for name, seconds in questions.items()
        if len(seconds) >= min(_FEW, len(trails))
    ]
    return Times(
        logs=len(trails),
        questions=told,
        parts=[_line(name, "", seconds) for name, seconds in parts.items() if name],
        people=[_line(name, "", seconds) for name, seconds in sorted(people.items())],
    )


def _part_of(path: str) -> str:
    """The outermost group of a question: "/data/main/safe/q" is in "main"; "" outside of groups."""
    steps = [step.partition("[")[0] for step in path.strip("/").split("/")]
    return "/".join(steps[1:-1][:2])


def _line(name: str, label: str, seconds: Iterable[float]) -> TimedLine:
    values = np.asarray(list(seconds), dtype=float)
    low, middle, high = (float(value) for value in np.quantile(values, [0.1, 0.5, 0.9]))
    return TimedLine(name, label, len(values), low, middle, high)


def _trails(session: Session, wave: Wave) -> Iterable[tuple[str, Trail]]:
    """The logs of the latest interviews with who made them; those that can't be opened here are left out."""
    store, keyring = get_store(), current_app.extensions.get("keyring")
    assert keyring is None or isinstance(keyring, Keyring)
    for media, who in logs_of_wave(session, wave, AUDIT, MOST_LOGS):
        try:
            trail = read_trail(open_media(session, store, media, keyring))
        except Problem:
            continue
        if trail.questions:
            yield who or "", trail
