"""Jobs, tokens of the read API, webhooks; and indexes to read submissions by their last change and search the audit"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PROGRAMME = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("programme_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("most_tries", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.String(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("of", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_state_due", "job", ["state", "due"])
    op.create_index("ix_job_kind", "job", ["programme_id", "kind", "key"])
    op.create_table(
        "api_token",
        sa.Column("programme_id", _PROGRAMME, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("forms", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_api_token_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("programme_id", "token_sha256", name=op.f("uq_api_token_programme_id_token_sha256")),
    )
    op.create_table(
        "webhook",
        sa.Column("programme_id", _PROGRAMME, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_webhook_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("programme_id", _PROGRAMME, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "webhook_id"],
            ["webhook.programme_id", "webhook.id"],
            name=op.f("fk_webhook_delivery_programme_id_webhook_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_webhook_delivery_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index("ix_webhook_delivery_webhook", "webhook_delivery", ["programme_id", "webhook_id", "id"])
    op.create_index("ix_submission_form_changed", "submission", ["programme_id", "form_row", "changed_at", "id"])
    op.create_index("ix_audit_row_action", "audit_row", ["programme_id", "action", "number"])
    op.create_index("ix_audit_row_actor", "audit_row", ["programme_id", "actor", "number"])
    op.create_index("ix_audit_row_at", "audit_row", ["programme_id", "at"])


def downgrade() -> None:
    for name in ("at", "actor", "action"):
        op.drop_index(f"ix_audit_row_{name}", "audit_row")
    op.drop_index("ix_submission_form_changed", "submission")
    op.drop_index("ix_webhook_delivery_webhook", "webhook_delivery")
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
    op.drop_table("api_token")
    op.drop_index("ix_job_kind", "job")
    op.drop_index("ix_job_state_due", "job")
    op.drop_table("job")
