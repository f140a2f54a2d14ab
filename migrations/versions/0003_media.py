"""Photos, sound and files of interviews"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("found_type", sa.String(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "device_id"],
            ["device.programme_id", "device.id"],
            name=op.f("fk_media_programme_id_device_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_media_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_media")),
        sa.UniqueConstraint(
            "programme_id",
            "instance_id",
            "name",
            "sha256",
            name=op.f("uq_media_programme_id_instance_id_name_sha256"),
        ),
    )
    op.create_index("ix_media_sha256", "media", ["programme_id", "sha256"])


def downgrade() -> None:
    op.drop_index("ix_media_sha256", "media")
    op.drop_table("media")
