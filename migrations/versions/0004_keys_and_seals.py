"""Keys that phones seal to, what came sealed, and how phones lock"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "office_key",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("x", sa.String(), nullable=False),
        sa.Column("y", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_office_key_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_office_key")),
        sa.UniqueConstraint("programme_id", "kid", name=op.f("uq_office_key_programme_id_kid")),
    )
    op.create_table(
        "sealing_key",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("x", sa.String(), nullable=False),
        sa.Column("y", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("statements", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_sealing_key_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_sealing_key")),
        sa.UniqueConstraint("programme_id", "kid", name=op.f("uq_sealing_key_programme_id_kid")),
    )
    op.create_table(
        "wave_key",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wave_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "key_id"],
            ["sealing_key.programme_id", "sealing_key.id"],
            name=op.f("fk_wave_key_programme_id_key_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_wave_key_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "wave_id", name=op.f("pk_wave_key")),
    )
    op.create_table(
        "sealed",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("claimed_id", sa.String(), nullable=False),
        sa.Column("claimed_form", sa.String(), nullable=False),
        sa.Column("claimed_version", sa.String(), nullable=False),
        sa.Column("wave_id", sa.BigInteger(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "device_id"],
            ["device.programme_id", "device.id"],
            name=op.f("fk_sealed_programme_id_device_id"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "submission_id"],
            ["submission.programme_id", "submission.id"],
            name=op.f("fk_sealed_programme_id_submission_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_sealed_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_sealed")),
        sa.UniqueConstraint("programme_id", "sha256", name=op.f("uq_sealed_programme_id_sha256")),
    )
    op.create_index("ix_sealed_wave", "sealed", ["programme_id", "wave_id", "submission_id"])
    op.create_table(
        "phone_lock",
        sa.Column("programme_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("lock_after", sa.BigInteger(), nullable=False),
        sa.Column("lock_on_hide", sa.Boolean(), nullable=False),
        sa.Column("wipe_after", sa.BigInteger(), nullable=False),
        sa.Column("empty_pin", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_phone_lock_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_phone_lock")),
    )
    op.create_table(
        "phone_alarm",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "device_id"],
            ["device.programme_id", "device.id"],
            name=op.f("fk_phone_alarm_programme_id_device_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_phone_alarm_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_phone_alarm")),
    )


def downgrade() -> None:
    op.drop_table("phone_alarm")
    op.drop_table("phone_lock")
    op.drop_index("ix_sealed_wave", "sealed")
    op.drop_table("sealed")
    op.drop_table("wave_key")
    op.drop_table("sealing_key")
    op.drop_table("office_key")
