"""The team that a phone belongs to as soon as it is enrolled"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolment", sa.Column("team_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("enrolment", "team_id")
