"""Outlines of a programme's own for its maps"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


_SMALL_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "outline_set",
        sa.Column("programme_id", _SMALL_ID, nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("areas", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_outline_set_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "level", name=op.f("pk_outline_set")),
    )


def downgrade() -> None:
    op.drop_table("outline_set")
