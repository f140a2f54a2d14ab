"""The quality of a wave in the field: planted faults are found, each by its own check, and arms change nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survey_server.reports.quality.wave_checks import Check, grade_of, list_checks
from survey_server.reports.quality.wave_marks import QualityFacts
from survey_server.reports.quality.wave_quality import WaveQuality
from survey_server.reports.quality.wave_response import read_response
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import Sample
from survey_server.reports.wave_data import ProgrammeInfo, WaveData, WaveInfo
from survey_server.xlsform.registry import DesignRole
from tests.reports.conftest import FABRICATOR

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]
GPS = (DesignRole("gps", "question", "point"), DesignRole("site", "question", "psu"))
PRIVACY = DesignRole("privacy", "question", "alone")
FACTS = ("_id", "case_id", "_received_at", "_collected_on", "_version", "_repeats")


@pytest.fixture
def survey(waves: Waves) -> WaveData:
    """The second wave of the survey, in which EN03 makes interviews up; nobody makes two at the same time."""
    data = waves[2][0]
    frame = data.frame
    apart = pd.to_timedelta(frame.groupby("username").cumcount() * 50, unit="min")
    started = pd.Timestamp("2026-03-02 14:00", tz="UTC") + apart
    ended = started + (frame["_ended"] - frame["_started"])
    return changed(data, _started=started, _ended=ended, _received_at=ended + timedelta(hours=6))


def checks_of(quality: WaveQuality) -> dict[str, Check]:
    return {check.key: check for check in list_checks(quality)}


def changed(survey: WaveData, **columns: Any) -> WaveData:
    """The wave with other columns."""
    return replace(survey, frame=survey.frame.assign(**columns))


def test_it_shows_who_makes_interviews_up_and_nobody_else(survey: WaveData) -> None:
    quality = WaveQuality(Sample(survey), QualityFacts(newest_version="1"))
    flags = {person.code: person.flags for person in quality.people if person.flags}
    assert flags == {FABRICATOR: ("hurried", "fast", "straight")}
    rows = quality.rows_of("fast", interviewer=FABRICATOR)
    assert len(rows) == quality.marks.by_check["fast"].sum() > 60
    assert quality.rows_of("fast", interviewer="EN01") == []
    checks = checks_of(quality)
    assert {key for key, check in checks.items() if check.state == "bad"} >= {"fast", "straight", "rho"}
    assert {checks[key].state for key in ("overlap", "late", "clock", "version", "lost")} == {"good"}
    assert grade_of(tuple(checks.values())) == "C"


def test_it_finds_late_impossible_and_outdated_ones(survey: WaveData) -> None:
    frame = survey.frame
    agreed = np.flatnonzero((frame["consent"] == "1") & (frame["username"] != FABRICATOR))
    received, ended, version = frame["_received_at"].copy(), frame["_ended"].copy(), frame["_version"].copy()
    received.iloc[agreed[:3]] += timedelta(days=8)
    ended.iloc[agreed[5:7]] = frame["_started"].iloc[agreed[5:7]] - timedelta(minutes=30)
    version.iloc[agreed[9]] = "0"
    quality = WaveQuality(
        Sample(changed(survey, _received_at=received, _ended=ended, _version=version)),
        QualityFacts(newest_version="1", lost=1, conflicts=2, clocks=(("T1", "EN01", 900.0), ("T2", "EN02", 30.0))),
    )
    checks = checks_of(quality)
    assert [checks[key].cases for key in ("late", "clock", "version")] == [3, 2, 1]
    assert (checks["version"].state, checks["lost"].state, checks["conflicts"].state) == ("bad", "bad", "warn")
    assert (checks["clocks"].value, checks["clocks"].of) == (1.0, 2)


def test_it_measures_the_way_to_the_site_where_positions_are_allowed(survey: WaveData) -> None:
    registry = replace(survey.registry, design=(*survey.registry.design, *GPS))
    n = len(survey.frame)
    points = np.array(["14.6000 -90.5000 0 5"] * n, dtype=object)
    agreed = np.flatnonzero(survey.frame["consent"] == "1")
    points[agreed[0]], points[agreed[1]] = "14.6090 -90.5000 0 5", "14.6200 -90.5000 0 5"  # 1,001 m and 2,224 m
    points[agreed[2]] = None
    area = np.where(np.arange(n) % 2 == 0, "1", "2")
    area[agreed[0]], area[agreed[1]] = "1", "2"
    place: dict[str, Any] = {"point": points, "site.latitude": 14.6, "site.longitude": -90.5, "site.area": area}
    frame = survey.frame.assign(**place)
    data = replace(survey, frame=frame, registry=registry)
    quality = WaveQuality(Sample(data), QualityFacts(gps_sites=frozenset(frame["psu"])))
    marks = quality.marks
    assert quality.rows_of("far") == [
        int(np.flatnonzero(marks.frame["_id"] == frame["_id"].iloc[agreed[row]])[0]) for row in (0, 1)
    ]
    assert marks.captured == (marks.n - 1, marks.n)
    assert checks_of(quality)["far"].state == "warn"


def test_it_groups_by_the_team_of_the_phone_and_else_of_the_site(survey: WaveData) -> None:
    facts = QualityFacts(
        team_of_interviewer={f"EN0{k}": "N1" for k in (1, 3, 5, 7)}, team_of_site={"P01": "N2", "P00": "N9"}
    )
    quality = WaveQuality(Sample(survey), facts)
    teams = {team.code: team for team in quality.teams}
    assert set(teams) == {"N1", "N2"}
    assert teams["N1"].cases["fast"] == len(quality.rows_of("fast", team="N1")) > 0
    assert next(person.team for person in quality.people if person.code == "EN03") == "N1"


def test_it_is_blind_to_arms_strata_and_weights(survey: WaveData) -> None:
    n = len(survey.frame)
    other: dict[str, Any] = {
        "site.arm": np.where(np.arange(n) % 3 == 0, "programme", "comparison"),
        "site.stratum": np.where(survey.frame["psu"] < "P10", "x", "y"),
        "site.weight": np.linspace(1, 9, n),
    }
    plain = WaveQuality(Sample(survey), QualityFacts())
    shuffled = WaveQuality(Sample(changed(survey, **other)), QualityFacts())
    assert list_checks(plain) == list_checks(shuffled)
    assert plain.people == shuffled.people


def test_it_compares_interviews_with_their_back_checks(survey: WaveData, waves: Waves) -> None:
    agreed = survey.frame[survey.frame["consent"] == "1"].reset_index(drop=True)
    asked = agreed.iloc[::8].reset_index(drop=True)
    wrong = asked["username"] == FABRICATOR
    checks = pd.DataFrame(
        {
            **{
                name: asked[name]
                for name in ("_id", "case_id", "_received_at", "_collected_on", "_version", "_repeats")
            },
            "consent": "1",
            "was_int": np.where(wrong & (asked.index % 2 == 0), "0", "1"),
            "edu": np.where(wrong, "9", "1"),
        }
    )
    ours = changed(survey, edu="1")
    sample = Sample(replace(waves[1][0], frame=checks, registry=replace(survey.registry, design=())))
    quality = WaveQuality(Sample(ours), QualityFacts(), checks=sample)
    found = checks_of(quality)
    assert found["done"].value == pytest.approx(len(asked) / len(agreed))
    assert found["mismatch"].cases == wrong.sum() == len(quality.rows_of("mismatch"))
    assert "mismatch" in next(person.flags for person in quality.people if person.code == FABRICATOR)
    assert found["unreal"].state == "bad"


def test_it_counts_pairs_modes_and_what_was_not_seen(waves: Waves) -> None:
    data = waves[2][1]
    frame = data.frame.copy()
    frame.loc[frame.index % 3 == 0, "m1_b"] = "66"
    planned = QualityFacts(modes={"1": 10, "2": 10, "3": 20})
    quality = WaveQuality(Sample(replace(data, frame=frame)), planned)
    seen = quality.observation
    assert seen is not None
    assert (seen.encounters, seen.paired) == (288, 72)
    assert 0.9 < seen.agreement < 1
    assert [item.name for item, _, _ in seen.not_seen] == ["m1_b"]
    assert seen.mode_gap == pytest.approx(0.5 - 1 / 3, abs=0.01)
    checks = checks_of(quality)
    assert (checks["not_seen"].state, checks["mode_gap"].state, checks["paired"].state) == ("bad", "warn", "good")
    assert {"fast", "alike", "straight", "overlap"} & set(checks) == set()


def test_it_has_something_to_say_of_a_wave_with_one_interview(survey: WaveData) -> None:
    frame = survey.frame[survey.frame["consent"] == "1"].head(1)
    quality = WaveQuality(Sample(replace(survey, frame=frame)), QualityFacts())
    assert {check.state for check in list_checks(quality)} <= {"good", "warn", "none", "bad"}
    assert quality.people[0].flags == ()


def test_it_marks_what_came_twice_was_overheard_or_began_at_night(survey: WaveData) -> None:
    registry = replace(survey.registry, design=(*survey.registry.design, *GPS, PRIVACY))
    frame = survey.frame
    agreed = np.flatnonzero(frame["consent"] == "1")
    started, case = frame["_started"].copy(), frame["case_id"].astype(object).copy()
    started.iloc[agreed[0]] = pd.Timestamp("2026-03-02 09:30", tz="UTC")  # half past three at night in Guatemala
    day = pd.Timestamp("2026-03-02 16:00", tz="UTC")
    started = started.mask(~frame.index.isin([agreed[0]]), day)
    case.iloc[agreed[1]] = case.iloc[agreed[2]]
    points = np.array([f"14.6{n:04d} -90.5000 0 5" for n in range(len(frame))], dtype=object)
    points[agreed[4]], same = points[agreed[3]], frame["psu"].copy()
    same.iloc[agreed[4]] = same.iloc[agreed[3]]
    privacy = np.where(np.arange(len(frame)) == agreed[5], "3", "1")
    changes: dict[str, Any] = {"_started": started, "case_id": case, "point": points, "psu": same, "alone": privacy}
    changes |= {"_issues": np.where(np.arange(len(frame)) == agreed[6], 2, 0)}
    data = replace(survey, frame=frame.assign(**changes), registry=registry)
    quality = WaveQuality(Sample(data), QualityFacts(time_zone="America/Guatemala"))
    found = {
        key: frame["_id"].iloc[agreed].reset_index(drop=True).iloc[quality.rows_of(key)].tolist()
        for key in ("hours", "same_case", "same_point", "overheard", "broken")
    }
    ids = frame["_id"].iloc[agreed].tolist()
    assert found == {
        "hours": [ids[0]],
        "same_case": [ids[1], ids[2]],
        "same_point": [ids[3], ids[4]],
        "overheard": [ids[5]],
        "broken": [ids[6]],
    }
    comes_back = replace(registry, design=(*registry.design, DesignRole("occasion", "question", "month")))
    again = replace(data, frame=data.frame.assign(month=np.arange(len(frame)).astype(str)), registry=comes_back)
    assert WaveQuality(Sample(again), QualityFacts()).rows_of("same_case") == []
    assert quality.week is not None
    assert (int(quality.week.sum()), int(quality.week[0, 3]), int(quality.week[0, 10])) == (len(ids), 1, len(ids) - 1)
    checks = checks_of(quality)
    assert (checks["same_case"].state, checks["hours"].state, checks["overheard"].state) == ("bad", "warn", "good")


def test_it_tells_who_answered_by_team_and_since_the_wave_before(survey: WaveData) -> None:
    rows = []
    for wave, dwellings, complete in ((1, 100, 80), (2, 100, 30)):
        for number in range(dwellings):
            outcome = "11" if number < complete else "31" if number == 99 else "22"
            rows.append(("x" if number % 2 else "y", f"P{number % 5}", number, str(wave), outcome, "GT17"))
    frame = pd.DataFrame(rows, columns=["username", "psu", "dwelling", "wave", "disp", "site.department"])
    roles = (DesignRole("interviewer", "question", "username"), DesignRole("site", "question", "psu"))
    log = replace(
        survey, frame=frame.assign(_id=frame.index.astype(str)), registry=replace(survey.registry, design=roles)
    )
    waves = [
        WaveInfo(name, number, date(2026, 1, 1), date(2026, 2, 1), "open") for number, name in ((1, "W1"), (2, "W2"))
    ]
    told = read_response([Sample(log)], waves[1], waves[0], {"x": "N1", "y": "N2"})
    assert told is not None
    assert (told.log.dwellings, told.log.rates.rr1, told.fall) == (100, 0.30, pytest.approx(0.50))
    assert [(group.code, group.log.dwellings) for group in told.teams] == [("N1", 50), ("N2", 50)]
    assert told.unsafe == (("GT17", 1),)
    quality = WaveQuality(Sample(survey), QualityFacts(), response=told)
    checks = checks_of(quality)
    assert (checks["rr1"].state, checks["fall"].state, checks["unsafe"].state) == ("bad", "bad", "warn")
    assert read_response([Sample(log)], waves[0], None, {}) is not None
    assert read_response([], waves[1], None, {}) is None
    hardly = replace(checks["rr1"], value=0.24)
    assert grade_of((hardly,)) == "D"
    assert grade_of((checks["rr1"],)) == "B"


def test_it_counts_the_returns_that_came_and_asks_about_odd_ones(survey: WaveData) -> None:
    rows = []
    for unit in ("U1", "U2"):
        stock = 100
        for month in range(1, 13):
            if (unit, month) != ("U2", 5):
                came, went = 10 + month % 3, 10 + month % 2
                jump = 400 if (unit, month) == ("U1", 7) else came
                wrong = 9 if (unit, month) == ("U2", 9) else 0
                rows.append((unit, f"2026-{month:02d}-01", "1", jump, went, stock, stock + jump - went + wrong))
                stock += jump - went + wrong
    rows.append(("U2", "2026-12-01", "2", *rows[-1][3:]))
    names = ["unit", "month", "revision", "incoming", "disposed", "open_start", "open_end"]
    frame = pd.DataFrame(rows, columns=names).assign(_received_at=pd.Timestamp("2027-01-02", tz="UTC"))
    frame = frame.assign(_id=frame.index.astype(str), _collected_on=pd.Timestamp("2027-01-01"), _version="1")
    roles = [(role, name) for role, name in (("site", "unit"), ("collected", "month"), ("revision", "revision"))]
    registry = replace(survey.registry, design=tuple(DesignRole(role, "question", name) for role, name in roles))
    items = tuple(Item(name, "integer", {"es": name}) for name in names[3:])
    questionnaire = replace(survey.questionnaires[0], items=items)
    data = replace(survey, frame=frame, registry=registry, questionnaires=(questionnaire,))
    told = WaveQuality(Sample(data), QualityFacts(units=frozenset({"U1", "U2"}))).returns
    assert told is not None
    assert (told.came, told.due, told.revised, told.gaps) == (23, 24, 1, (("U2", "2026-05"),))
    assert ("U1", "2026-07", "incoming", 400.0) in [
        (o.unit, o.month, o.item.name if o.item else "", o.value) for o in told.jumps
    ]
    assert {(odd.unit, odd.month) for odd in told.flow} == {("U2", "2026-09")}
    late = WaveQuality(Sample(data), QualityFacts(units=frozenset({"U1", "U2", "U3", "U4"})))
    assert (checks_of(late)["came"].state, grade_of(list_checks(late))) == ("bad", "D")
