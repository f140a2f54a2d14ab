"""Samples that come out again, waves that are sent to them, reserves and dwellings released one at a time."""

from __future__ import annotations

import pytest

from survey_server.db.field.dwellings import list_dwellings, release_dwelling
from survey_server.db.field.progress import list_sites as list_progress
from survey_server.db.field.samples import (
    add_sample,
    comes_out_again,
    count_reserves,
    draw_site_dwellings,
    frame_of,
    list_samples,
    list_substitutions,
    list_units,
    substitute_site,
    use_sample,
)
from survey_server.db.field.sites import list_sites, set_sites
from survey_server.db.models import Programme, Sample, Site, Wave, WaveSite
from survey_server.db.session import Database
from survey_server.db.waves import set_wave_state
from survey_server.estimation.sampling import Take
from survey_server.problems import (
    UnfitRelease,
    UnfitWave,
)
from tests.db.fieldwork import ME

PLAN = {"norte": Take(2, 2), "sur": Take(3, 1)}


def draw(database: Database, wave: Wave, seed: str = "17") -> int:
    with database.transaction() as session:
        units = frame_of(session, wave.programme_id)
        return add_sample(session, wave, units, PLAN, "pps", seed, actor=ME).id


def sample_in_use(database: Database, wave: Wave) -> list[WaveSite]:
    draw(database, wave)
    with database.transaction() as session:
        from_table = get_sample_of(database, wave)
        use_sample(session, from_table, actor=ME)
    with database.reading() as session:
        return list(session.query(WaveSite).filter_by(wave_id=wave.id))


def get_sample_of(database: Database, wave: Wave) -> Sample:
    with database.reading() as session:
        return list_samples(session, wave.programme_id)[0]


def test_it_keeps_a_sample_that_comes_out_again(database: Database, wave: Wave) -> None:
    draw(database, wave)
    sample = get_sample_of(database, wave)
    with database.reading() as session:
        units = list_units(session, sample)
        assert comes_out_again(session, sample) is True
    assert [unit.reserve for unit in units] == [False, False, True, True, False, False, False, True]
    # Of 2100 in the north two are drawn, of 5700 in the south three: probabilities are shares of the size.
    sizes = {"norte": (2, 2100), "sur": (3, 5700)}
    for unit in units:
        n, whole = sizes[unit.stratum]
        assert unit.probability == pytest.approx(n * unit.size / whole)


def test_it_says_when_the_sites_have_changed_since_a_draw(database: Database, wave: Wave) -> None:
    draw(database, wave)
    with database.transaction() as session:
        set_sites(session, wave.programme_id, [{"code": "GT00", "population": 101}], actor=ME)
    with database.reading() as session:
        assert comes_out_again(session, get_sample_of(database, wave)) is None


def test_it_sends_a_wave_to_its_sample_with_weights_from_the_probabilities(database: Database, wave: Wave) -> None:
    lines = sample_in_use(database, wave)
    assert (len(lines), sum(line.reserve for line in lines)) == (8, 3)
    with database.reading() as session:
        for line in lines:
            probability = session.get_one(Site, (wave.programme_id, line.site_id)).probability
            assert probability is not None
            assert line.weight == pytest.approx(1 / probability)
        progress = list_progress(session, session.get_one(Programme, wave.programme_id), wave.id)
    assert len(progress) == 5, "reserves that wait are nobody's work yet"


def test_it_draws_nothing_anew_once_the_wave_is_in_the_field(database: Database, wave: Wave) -> None:
    draw(database, wave)
    with database.transaction() as session:
        set_wave_state(session, wave, "open", actor=ME)
    with pytest.raises(UnfitWave), database.transaction() as session:
        use_sample(session, get_sample_of(database, wave), actor=ME)


def test_it_releases_reserves_one_at_a_time_in_the_order_of_the_draw(database: Database, wave: Wave) -> None:
    sample_in_use(database, wave)
    with database.reading() as session:
        units = [unit for unit in list_units(session, get_sample_of(database, wave)) if unit.stratum == "norte"]
        ids = {site.code: site.id for site in list_sites(session, wave.programme_id)}
    main, reserves = [u.site_code for u in units[:2]], [u.site_code for u in units[2:]]
    for place in range(2):
        with database.transaction() as session:
            released = substitute_site(session, wave, ids[main[place]], "La autoridad no permitió", actor=ME)
            assert released.site.code == reserves[place]
    with database.reading() as session:
        assert {(each.site.code, each.replaces.code) for each in list_substitutions(session, wave)} == set(
            zip(reserves, main, strict=True)
        )
        assert count_reserves(session, wave) == 1
    with pytest.raises(UnfitRelease), database.transaction() as session:
        substitute_site(session, wave, ids[reserves[0]], "Tampoco", actor=ME)


@pytest.mark.parametrize("reason", ["", "  ", "no"])
def test_it_releases_nothing_without_a_reason(database: Database, wave: Wave, reason: str) -> None:
    site_id = next(line.site_id for line in sample_in_use(database, wave) if not line.reserve)
    with pytest.raises(UnfitRelease), database.transaction() as session:
        substitute_site(session, wave, site_id, reason, actor=ME)


def test_it_draws_dwellings_once_and_releases_reserves_with_reasons(database: Database, wave: Wave) -> None:
    site_id = next(line.site_id for line in sample_in_use(database, wave) if not line.reserve)
    with database.transaction() as session:
        drawn = draw_site_dwellings(session, wave, site_id, 140, Take(10, 4), "17", actor=ME)
    assert (len(drawn), sum(each.reserve for each in drawn)) == (14, 4)
    with database.reading() as session:
        line = session.get_one(WaveSite, (wave.programme_id, wave.id, site_id))
        probability = session.get_one(Site, (wave.programme_id, site_id)).probability or 0
    assert line.weight == pytest.approx(1 / (probability * 10 / 140))
    assert line.target == 10
    with database.transaction() as session:
        released = release_dwelling(session, wave, site_id, drawn[0].number, "Nadie en casa tres veces", actor=ME)
    assert (released.number, released.replaces) == (drawn[10].number, drawn[0].number)
    with pytest.raises(UnfitRelease), database.transaction() as session:
        release_dwelling(session, wave, site_id, drawn[0].number, "Otra vez", actor=ME)
    with pytest.raises(UnfitRelease), database.transaction() as session:
        draw_site_dwellings(session, wave, site_id, 140, Take(10, 4), "18", actor=ME)
    with database.reading() as session:
        assert [each.number for each in list_dwellings(session, wave) if each.released_at] == [released.number]
