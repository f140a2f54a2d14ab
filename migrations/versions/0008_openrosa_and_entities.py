"""OpenRosa clients as devices, entities with their versions, keys of encrypted forms, ids of what was erased"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SMALL_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _own(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("programme_id", _SMALL_ID, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f(f"fk_{table}_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.add_column("device", sa.Column("kind", sa.String(), nullable=False, server_default="phone"))
    op.add_column("submission_version", sa.Column("client", sa.JSON(), nullable=True))
    op.create_table(
        "entity_list",
        *_own("entity_list"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("programme_id", "name", name=op.f("uq_entity_list_programme_id_name")),
    )
    op.create_table(
        "entity",
        *_own("entity"),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("conflict", sa.String(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "list_id"],
            ["entity_list.programme_id", "entity_list.id"],
            name=op.f("fk_entity_programme_id_list_id"),
        ),
        sa.UniqueConstraint("programme_id", "list_id", "uuid", name=op.f("uq_entity_programme_id_list_id_uuid")),
    )
    op.create_table(
        "entity_version",
        sa.Column("programme_id", _SMALL_ID, nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("branch_id", sa.String(), nullable=True),
        sa.Column("branch_version", sa.BigInteger(), nullable=True),
        sa.Column("conflict", sa.String(), nullable=True),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_entity_version_programme_id")),
        sa.ForeignKeyConstraint(
            ["programme_id", "entity_id"],
            ["entity.programme_id", "entity.id"],
            name=op.f("fk_entity_version_programme_id_entity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "submission_id"],
            ["submission.programme_id", "submission.id"],
            name=op.f("fk_entity_version_programme_id_submission_id"),
        ),
        sa.PrimaryKeyConstraint("programme_id", "entity_id", "number", name=op.f("pk_entity_version")),
    )
    op.create_index("ix_entity_version_branch", "entity_version", ["programme_id", "entity_id", "branch_id"])
    op.create_table(
        "held_change",
        *_own("held_change"),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "list_id"],
            ["entity_list.programme_id", "entity_list.id"],
            name=op.f("fk_held_change_programme_id_list_id"),
        ),
    )
    op.create_index("ix_held_change_uuid", "held_change", ["programme_id", "list_id", "uuid"])
    op.create_table(
        "form_key",
        *_own("form_key"),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("public", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("programme_id", "kid", name=op.f("uq_form_key_programme_id_kid")),
    )
    op.create_table(
        "erased",
        sa.Column("programme_id", _SMALL_ID, nullable=False),
        sa.Column("instance_sha256", sa.String(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_erased_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "instance_sha256", name=op.f("pk_erased")),
    )


def downgrade() -> None:
    op.drop_table("erased")
    op.drop_table("form_key")
    op.drop_index("ix_held_change_uuid", "held_change")
    op.drop_table("held_change")
    op.drop_index("ix_entity_version_branch", "entity_version")
    op.drop_table("entity_version")
    op.drop_table("entity")
    op.drop_table("entity_list")
    op.drop_column("submission_version", "client")
    op.drop_column("device", "kind")
