"""Second factors, attempts to sign in, scopes of roles, revisions of indicators, reports as made and decisions"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SMALL_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("membership", sa.Column("scope", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "recovery_code",
        sa.Column("person_id", _SMALL_ID, nullable=False),
        sa.Column("code_sha256", sa.String(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id")),
        sa.PrimaryKeyConstraint("person_id", "code_sha256", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("key_sha256", sa.String(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_sha256", name=op.f("pk_login_attempt")),
    )
    op.create_index("ix_login_attempt_last_at", "login_attempt", ["last_at"])
    op.create_table(
        "indicator_revision",
        *_key("indicator_revision"),
        sa.Column("form_row", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("after_wave", sa.String(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "form_row"],
            ["form.programme_id", "form.id"],
            name=op.f("fk_indicator_revision_programme_id_form_row"),
        ),
        sa.UniqueConstraint(
            "programme_id",
            "form_row",
            "code",
            "number",
            name=op.f("uq_indicator_revision_programme_id_form_row_code_number"),
        ),
    )
    op.create_table(
        "made_report",
        *_key("made_report"),
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("waves", sa.JSON(), nullable=False),
        sa.Column("interim", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.UniqueConstraint("programme_id", "report", name=op.f("uq_made_report_programme_id_report")),
    )
    op.create_table(
        "decision",
        *_key("decision"),
        sa.Column("made_report_id", sa.BigInteger(), nullable=False),
        sa.Column("report_sha256", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "made_report_id"],
            ["made_report.programme_id", "made_report.id"],
            name=op.f("fk_decision_programme_id_made_report_id"),
        ),
    )
    op.create_table(
        "decision_signature",
        sa.Column("programme_id", _SMALL_ID, nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("dissent", sa.String(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_decision_signature_programme_id")),
        sa.ForeignKeyConstraint(
            ["programme_id", "decision_id"],
            ["decision.programme_id", "decision.id"],
            name=op.f("fk_decision_signature_programme_id_decision_id"),
        ),
        sa.PrimaryKeyConstraint("programme_id", "decision_id", "person_id", name=op.f("pk_decision_signature")),
    )


def downgrade() -> None:
    for table in ("decision_signature", "decision", "made_report", "indicator_revision"):
        op.drop_table(table)
    op.drop_index("ix_login_attempt_last_at", "login_attempt")
    op.drop_table("login_attempt")
    op.drop_table("recovery_code")
    with op.batch_alter_table("membership") as membership:
        membership.drop_column("scope")


def _key(table: str) -> tuple[sa.Column[int] | sa.Constraint, ...]:
    """What leads every table of a programme."""
    return (
        sa.Column("programme_id", _SMALL_ID, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f(f"fk_{table}_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f(f"pk_{table}")),
    )
