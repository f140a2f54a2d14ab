"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("programme_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_row",
        sa.Column("programme_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", "number", name=op.f("pk_audit_row")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("administrator", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("totp_secret", sa.String(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("failed_logins", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_table(
        "programme",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("policies", sa.JSON(), nullable=False),
        sa.Column("field_revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("code", name=op.f("uq_programme_code")),
    )
    op.create_table(
        "data_set",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_br", sa.LargeBinary(), nullable=False),
        sa.Column("content_gz", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_data_set_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_data_set")),
        sa.UniqueConstraint("programme_id", "sha256", name=op.f("uq_data_set_programme_id_sha256")),
    )
    op.create_table(
        "device",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("interviewer", sa.String(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_reason", sa.String(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("app_version", sa.String(), nullable=True),
        sa.Column("queue_length", sa.BigInteger(), nullable=True),
        sa.Column("clock_offset_seconds", sa.Double(), nullable=True),
        sa.Column("storage", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_device_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_device")),
        sa.UniqueConstraint("programme_id", "token_sha256", name=op.f("uq_device_programme_id_token_sha256")),
    )
    op.create_table(
        "enrolment",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code_sha256", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("interviewer", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_enrolment_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "code_sha256", name=op.f("pk_enrolment")),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index("ix_enrolment_device", ["programme_id", "device_id"], unique=False)

    op.create_table(
        "form",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("form_id", sa.String(), nullable=False),
        sa.Column("current_version_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_form_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_form")),
        sa.UniqueConstraint("programme_id", "form_id", name=op.f("uq_form_programme_id_form_id")),
    )
    op.create_table(
        "membership",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_membership_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "person_id", "role", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index("ix_membership_person", ["person_id"], unique=False)

    op.create_table(
        "office_session",
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("second_factor_at", sa.BigInteger(), nullable=True),
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_office_session_person_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_office_session_programme_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_office_session")),
    )
    with op.batch_alter_table("office_session", schema=None) as batch_op:
        batch_op.create_index("ix_office_session_person", ["person_id"], unique=False)

    op.create_table(
        "person_link",
        sa.Column("code_sha256", sa.String(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_link_person_id")),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_person_link")),
    )
    op.create_table(
        "quarantine",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("claimed_id", sa.String(), nullable=False),
        sa.Column("claimed_form", sa.String(), nullable=False),
        sa.Column("claimed_version", sa.String(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_quarantine_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("programme_id", "sha256", name=op.f("uq_quarantine_programme_id_sha256")),
    )
    op.create_table(
        "site",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("municipality", sa.String(), nullable=True),
        sa.Column("stratum", sa.String(), nullable=True),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("population", sa.Double(), nullable=True),
        sa.Column("target", sa.BigInteger(), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("risk_tier", sa.BigInteger(), nullable=True),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_site_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_site")),
        sa.UniqueConstraint("programme_id", "code", name=op.f("uq_site_programme_id_code")),
    )
    op.create_table(
        "form_version",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("form_row", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("xform_sha256", sa.String(), nullable=False),
        sa.Column("registry_sha256", sa.String(), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("registry_sheets", sa.JSON(), nullable=False),
        sa.Column("source_name", sa.String(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("xform", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_br", sa.LargeBinary(), nullable=False),
        sa.Column("phone_gz", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "form_row"],
            ["form.programme_id", "form.id"],
            name=op.f("fk_form_version_programme_id_form_row"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_form_version_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_form_version")),
        sa.UniqueConstraint(
            "programme_id",
            "form_row",
            "hash",
            "registry_sha256",
            name=op.f("uq_form_version_programme_id_form_row_hash_registry_sha256"),
        ),
    )
    with op.batch_alter_table("form_version", schema=None) as batch_op:
        batch_op.create_index("ix_form_version_hash", ["programme_id", "hash"], unique=False)
        batch_op.create_index("ix_form_version_text", ["programme_id", "form_row", "version"], unique=False)

    op.create_table(
        "wave",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("form_row", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "form_row"], ["form.programme_id", "form.id"], name=op.f("fk_wave_programme_id_form_row")
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_wave_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_wave")),
        sa.UniqueConstraint("programme_id", "form_row", "ordinal", name=op.f("uq_wave_programme_id_form_row_ordinal")),
    )
    op.create_table(
        "form_data_set",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("data_set_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "data_set_id"],
            ["data_set.programme_id", "data_set.id"],
            name=op.f("fk_form_data_set_programme_id_data_set_id"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "version_id"],
            ["form_version.programme_id", "form_version.id"],
            name=op.f("fk_form_data_set_programme_id_version_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_form_data_set_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_form_data_set")),
        sa.UniqueConstraint(
            "programme_id", "version_id", "filename", name=op.f("uq_form_data_set_programme_id_version_id_filename")
        ),
    )
    op.create_table(
        "submission",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("form_row", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("wave_id", sa.BigInteger(), nullable=True),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=True),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("interviewer", sa.String(), nullable=True),
        sa.Column("site_code", sa.String(), nullable=True),
        sa.Column("review_state", sa.String(), nullable=False),
        sa.Column("issue_count", sa.BigInteger(), nullable=False),
        sa.Column("repeats", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "device_id"],
            ["device.programme_id", "device.id"],
            name=op.f("fk_submission_programme_id_device_id"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "form_row"],
            ["form.programme_id", "form.id"],
            name=op.f("fk_submission_programme_id_form_row"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "version_id"],
            ["form_version.programme_id", "form_version.id"],
            name=op.f("fk_submission_programme_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "wave_id"],
            ["wave.programme_id", "wave.id"],
            name=op.f("fk_submission_programme_id_wave_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_submission_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_submission")),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index("ix_submission_wave_changed", ["programme_id", "wave_id", "changed_at"], unique=False)
        batch_op.create_index("ix_submission_wave_id", ["programme_id", "wave_id", "id"], unique=False)

    op.create_table(
        "wave_site",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wave_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("reserve", sa.Boolean(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "site_id"],
            ["site.programme_id", "site.id"],
            name=op.f("fk_wave_site_programme_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "wave_id"],
            ["wave.programme_id", "wave.id"],
            name=op.f("fk_wave_site_programme_id_wave_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_wave_site_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "wave_id", "site_id", name=op.f("pk_wave_site")),
    )
    op.create_table(
        "conflict",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "submission_id"],
            ["submission.programme_id", "submission.id"],
            name=op.f("fk_conflict_programme_id_submission_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_conflict_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f("pk_conflict")),
        sa.UniqueConstraint(
            "programme_id", "submission_id", "sha256", name=op.f("uq_conflict_programme_id_submission_id_sha256")
        ),
    )
    op.create_table(
        "submission_issue",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "submission_id"],
            ["submission.programme_id", "submission.id"],
            name=op.f("fk_submission_issue_programme_id_submission_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_submission_issue_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "submission_id", "ordinal", name=op.f("pk_submission_issue")),
    )
    op.create_table(
        "submission_version",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("form_row", sa.BigInteger(), nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.String(), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "submission_id"],
            ["submission.programme_id", "submission.id"],
            name=op.f("fk_submission_version_programme_id_submission_id"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_submission_version_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "submission_id", "number", name=op.f("pk_submission_version")),
        sa.UniqueConstraint(
            "programme_id",
            "form_row",
            "instance_id",
            name=op.f("uq_submission_version_programme_id_form_row_instance_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("submission_version")
    op.drop_table("submission_issue")
    op.drop_table("conflict")
    op.drop_table("wave_site")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index("ix_submission_wave_id")
        batch_op.drop_index("ix_submission_wave_changed")

    op.drop_table("submission")
    op.drop_table("form_data_set")
    op.drop_table("wave")
    with op.batch_alter_table("form_version", schema=None) as batch_op:
        batch_op.drop_index("ix_form_version_text")
        batch_op.drop_index("ix_form_version_hash")

    op.drop_table("form_version")
    op.drop_table("site")
    op.drop_table("quarantine")
    op.drop_table("person_link")
    with op.batch_alter_table("office_session", schema=None) as batch_op:
        batch_op.drop_index("ix_office_session_person")

    op.drop_table("office_session")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index("ix_membership_person")

    op.drop_table("membership")
    op.drop_table("form")
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.drop_index("ix_enrolment_device")

    op.drop_table("enrolment")
    op.drop_table("device")
    op.drop_table("data_set")
    op.drop_table("programme")
    op.drop_table("person")
    op.drop_table("audit_row")
    op.drop_table("audit_head")
