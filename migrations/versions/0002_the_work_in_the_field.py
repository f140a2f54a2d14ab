"""The work in the field: teams, assignments, samples, dwellings, stops, papers, incidents"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _key(*names: str) -> list[sa.Column]:
    small = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    own = [sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in names]
    return [sa.Column("programme_id", small, nullable=False), *own]


def _whole(table: str, *more: str) -> list[sa.schema.SchemaItem]:
    key = ["programme_id", *(more or ("id",))]
    return [
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f(f"fk_{table}_programme_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    ]


def _to(table: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["programme_id", f"{other}_id"],
        [f"{other}.programme_id", f"{other}.id"],
        name=op.f(f"fk_{table}_programme_id_{other}_id"),
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _json(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON(), nullable=False)


def _flag(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _day(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=nullable)


def upgrade() -> None:
    op.add_column("device", _number("team_id", nullable=True))
    op.add_column("site", sa.Column("policies", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.create_table(
        "team",
        *_key("id"),
        _text("code"),
        _text("name"),
        _number("supervisor_id", nullable=True),
        _text("duress_sha256", nullable=True),
        _flag("active"),
        _number("changed_at"),
        *_whole("team"),
        sa.UniqueConstraint("programme_id", "code", name=op.f("uq_team_programme_id_code")),
    )
    op.create_table(
        "assignment",
        *_key("id"),
        _number("wave_id"),
        _number("site_id"),
        _number("team_id"),
        _day("starts"),
        _day("ends"),
        _number("target", nullable=True),
        _json("visit"),
        _number("changed_at"),
        *_whole("assignment"),
        _to("assignment", "wave"),
        _to("assignment", "site"),
        _to("assignment", "team"),
        sa.UniqueConstraint(
            "programme_id",
            "wave_id",
            "site_id",
            "team_id",
            "starts",
            name=op.f("uq_assignment_programme_id_wave_id_site_id_team_id_starts"),
        ),
    )
    op.create_index("ix_assignment_team", "assignment", ["programme_id", "team_id", "ends"])
    op.create_table(
        "sample",
        *_key("id"),
        _number("wave_id"),
        _text("method"),
        _text("seed"),
        _text("frame_sha256"),
        _json("plan"),
        _number("drawn_at"),
        _text("drawn_by"),
        _number("used_at", nullable=True),
        *_whole("sample"),
        _to("sample", "wave"),
    )
    op.create_table(
        "sample_unit",
        *_key("sample_id", "position"),
        _text("site_code"),
        _text("stratum"),
        sa.Column("size", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        _flag("reserve"),
        *_whole("sample_unit", "sample_id", "position"),
        _to("sample_unit", "sample"),
    )
    op.create_table(
        "dwelling",
        *_key("wave_id", "site_id", "number"),
        _number("position"),
        _flag("reserve"),
        _number("released_at", nullable=True),
        _text("released_by", nullable=True),
        _number("replaces", nullable=True),
        _text("reason", nullable=True),
        *_whole("dwelling", "wave_id", "site_id", "number"),
        _to("dwelling", "wave"),
        _to("dwelling", "site"),
    )
    op.create_table(
        "stop_work",
        *_key("id"),
        _text("level"),
        _text("area"),
        _text("message"),
        _number("ordered_at"),
        _text("ordered_by"),
        _number("lifted_at", nullable=True),
        _text("lifted_by", nullable=True),
        _text("lifted_reason", nullable=True),
        *_whole("stop_work"),
    )
    op.create_index("ix_stop_work_lifted", "stop_work", ["programme_id", "lifted_at"])
    op.create_table(
        "wave_paper",
        *_key("id"),
        _number("wave_id"),
        _text("kind"),
        _text("reference"),
        _day("dated"),
        _day("until", nullable=True),
        _number("added_at"),
        _text("added_by"),
        *_whole("wave_paper"),
        _to("wave_paper", "wave"),
    )
    op.create_table(
        "incident",
        *_key("id"),
        _text("kind"),
        _text("subject"),
        _json("exposed"),
        _text("note"),
        _number("opened_at"),
        _text("opened_by"),
        _number("closed_at", nullable=True),
        _text("closed_by", nullable=True),
        _text("outcome", nullable=True),
        *_whole("incident"),
    )


def downgrade() -> None:
    op.drop_table("incident")
    op.drop_table("wave_paper")
    op.drop_index("ix_stop_work_lifted", "stop_work")
    op.drop_table("stop_work")
    op.drop_table("dwelling")
    op.drop_table("sample_unit")
    op.drop_table("sample")
    op.drop_index("ix_assignment_team", "assignment")
    op.drop_table("assignment")
    op.drop_table("team")
    op.drop_column("site", "policies")
    op.drop_column("device", "team_id")
