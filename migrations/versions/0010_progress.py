"""An index that holds all that progress counts: no count looks a submission up"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COUNTED = ["site_code", "collected_on", "device_id", "version_id", "issue_count", "received_at"]


def upgrade() -> None:
    op.create_index("ix_submission_progress", "submission", ["programme_id", "wave_id", *_COUNTED])


def downgrade() -> None:
    op.drop_index("ix_submission_progress", "submission")
