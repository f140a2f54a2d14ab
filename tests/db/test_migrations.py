"""Every step up and down, with and without data, ends in what the models say."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select

from survey_server.db.audit import find_broken_link
from survey_server.db.migrate import migrate, migrate_down
from survey_server.db.models import Base, Programme, Site
from survey_server.db.programmes import add_programme
from survey_server.db.session import open_database
from survey_server.db.sites import set_sites


def test_it_makes_exactly_the_tables_of_the_models(empty_database_url: str) -> None:
    migrate(empty_database_url)
    with open_database(empty_database_url).reading() as session:
        assert compare_metadata(MigrationContext.configure(session.connection()), Base.metadata) == []


def test_it_leaves_nothing_behind_on_the_way_down(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate_down(empty_database_url, "base")
    with open_database(empty_database_url).reading() as session:
        assert set(inspect(session.connection()).get_table_names()) <= {"alembic_version"}


def test_it_goes_up_again_after_it_went_down(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate_down(empty_database_url, "base")
    migrate(empty_database_url)
    with open_database(empty_database_url).reading() as session:
        assert compare_metadata(MigrationContext.configure(session.connection()), Base.metadata) == []


def test_it_keeps_the_data_when_it_runs_again(empty_database_url: str) -> None:
    migrate(empty_database_url)
    database = open_database(empty_database_url)
    with database.transaction() as session:
        programme_id = add_programme(session, "a", "A").id
        set_sites(session, programme_id, [{"code": "GT1701034", "weight": 1.5, "border": "1"}], actor="command")
    migrate(empty_database_url)
    with database.reading() as session:
        site = session.scalars(select(Site)).one()
        assert (site.code, site.weight, site.extra) == ("GT1701034", 1.5, {"border": "1"})
        assert session.scalars(select(Programme.code)).all() == ["a"]
        assert find_broken_link(session, programme_id) is None
