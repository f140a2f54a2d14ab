"""Review of submissions: notes, reasons of edits, words to find them by, decisions about questions that changed"""

import json
import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SMALL_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INDEXES = {
    "ix_submission_site": ["programme_id", "site_code", "id"],
    "ix_submission_interviewer": ["programme_id", "interviewer", "id"],
    "ix_submission_device": ["programme_id", "device_id", "id"],
    "ix_submission_state": ["programme_id", "review_state", "id"],
    "ix_submission_case": ["programme_id", "form_row", "case_id", "id"],
    "ix_submission_form": ["programme_id", "form_row", "id"],
    "ix_submission_collected": ["programme_id", "collected_on", "wave_id", "id"],
}
_PARTIAL = {"ix_submission_flagged": "issue_count > 0", "ix_submission_files": "files > 0"}
_FILE = re.compile(
    r"[^/\s]+\.(jpe?g|png|gif|webp|webm|m4a|mp3|amr|wav|ogg|mp4|3gpp?|pdf|csv|xlsx?|docx?)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")
_AT_ONCE = 1000


def upgrade() -> None:
    op.add_column("submission", sa.Column("case_id", sa.String(), nullable=True))
    op.add_column("submission", sa.Column("files", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("submission", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))
    for table, columns in (("submission_version", ("actor", "reason")), ("conflict", ("resolution", "resolved_by"))):
        for column in columns:
            op.add_column(table, sa.Column(column, sa.String(), nullable=True))
    _create_tables()
    _create_search()
    _fill()
    for name, columns in _INDEXES.items():
        op.create_index(name, "submission", columns)
    for name, condition in _PARTIAL.items():
        where = sa.text(condition)
        op.create_index(
            name, "submission", ["programme_id", "wave_id", "id"], sqlite_where=where, postgresql_where=where
        )
    where = sa.text("resolved_at IS NULL")
    op.create_index(
        "ix_submission_issue_kind",
        "submission_issue",
        ["programme_id", "kind", "submission_id"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_submission_issue_kind", "submission_issue")
    for name in (*_PARTIAL, *_INDEXES):
        op.drop_index(name, "submission")
    if _is_sqlite():
        op.execute("DROP TABLE submission_words")
    for table in ("item_decision", "submission_text", "submission_note"):
        op.drop_table(table)
    op.execute("UPDATE submission SET review_state = 'received' WHERE review_state = 'has-issues'")
    for table, columns in (
        ("conflict", ("resolution", "resolved_by")),
        ("submission_version", ("actor", "reason")),
        ("submission", ("case_id", "files", "revision")),
    ):
        for column in columns:
            op.drop_column(table, column)


def _create_tables() -> None:
    of_submission = ["programme_id", "submission_id"], ["submission.programme_id", "submission.id"]
    op.create_table(
        "submission_note",
        *_key("submission_note"),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(*of_submission, name=op.f("fk_submission_note_programme_id_submission_id")),
    )
    op.create_index("ix_submission_note_of", "submission_note", ["programme_id", "submission_id", "id"])
    op.create_table(
        "submission_text",
        sa.Column("programme_id", _SMALL_ID, nullable=False),
        sa.Column("submission_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_submission_text_programme_id")),
        sa.ForeignKeyConstraint(*of_submission, name=op.f("fk_submission_text_programme_id_submission_id")),
        sa.PrimaryKeyConstraint("programme_id", "submission_id", name=op.f("pk_submission_text")),
    )
    op.create_table(
        "item_decision",
        *_key("item_decision"),
        sa.Column("form_row", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("item", "item_before", "hash_before", "hash_after", "verdict")
        ),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "form_row"],
            ["form.programme_id", "form.id"],
            name=op.f("fk_item_decision_programme_id_form_row"),
        ),
    )
    op.create_index("ix_item_decision_form", "item_decision", ["programme_id", "form_row", "id"])


def _create_search() -> None:
    """Words that begin with what is asked: by FTS5, kept up by triggers, or by a GIN index."""
    if not _is_sqlite():
        op.execute(
            "CREATE INDEX ix_submission_text_words ON submission_text"
            " USING gin (array_to_tsvector(string_to_array(words, ' ')))"
        )
        return
    op.execute(
        "CREATE VIRTUAL TABLE submission_words USING fts5"
        "(words, content='submission_text', content_rowid='submission_id', prefix='3', detail=none, columnsize=0)"
    )
    add = "INSERT INTO submission_words (rowid, words) VALUES (new.submission_id, new.words);"
    take = (
        "INSERT INTO submission_words (submission_words, rowid, words) VALUES ('delete', old.submission_id, old.words);"
    )
    for name, when, what in (
        ("added", "INSERT", add),
        ("deleted", "DELETE", take),
        ("changed", "UPDATE OF words", take + add),
    ):
        op.execute(f"CREATE TRIGGER submission_text_{name} AFTER {when} ON submission_text BEGIN {what} END")


def _fill() -> None:
    """Cases, files and words of what is there already, told from the answers as they are stored."""
    connection = op.get_bind()
    connection.execute(
        sa.text("UPDATE submission SET review_state = 'has-issues' WHERE review_state = 'received' AND issue_count > 0")
    )
    query = sa.text(
        "SELECT s.programme_id, s.id, s.instance_id, s.interviewer, s.site_code, s.device_id, v.answers"
        " FROM submission s JOIN submission_version v"
        " ON v.programme_id = s.programme_id AND v.submission_id = s.id AND v.number = s.number"
        " WHERE s.programme_id > :programme OR (s.programme_id = :programme AND s.id > :id)"
        " ORDER BY s.programme_id, s.id LIMIT :n"
    )
    programme, last = 0, 0
    while rows := connection.execute(query, {"programme": programme, "id": last, "n": _AT_ONCE}).all():
        facts, words = zip(*map(_told, rows), strict=True)
        connection.execute(
            sa.text(
                "UPDATE submission SET case_id = :case, files = :files WHERE programme_id = :programme AND id = :id"
            ),
            list(facts),
        )
        connection.execute(sa.text("INSERT INTO submission_text VALUES (:programme, :id, :words)"), list(words))
        programme, last = rows[-1].programme_id, rows[-1].id


def _told(row: sa.Row) -> tuple[dict[str, object], dict[str, object]]:
    answers = json.loads(row.answers)
    texts = list(_texts(answers))
    case = answers.get("case_id") if isinstance(answers, dict) else None
    own = {"programme": row.programme_id, "id": row.id}
    typed = [text for text in texts if len(text) > 12 or " " in text.strip()]
    ids = [row.instance_id.removeprefix("uuid:").replace("-", ""), str(case or ""), row.interviewer, row.site_code]
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", " ".join([*(each or "" for each in ids), *typed]).casefold())
        if not unicodedata.combining(letter)
    )
    phone = [f"tel{row.device_id}"] if row.device_id else []
    words = dict.fromkeys([*phone, *_WORD.findall(plain)])
    return (
        {**own, "case": str(case) if case else None, "files": sum(bool(_FILE.fullmatch(text)) for text in texts)},
        {**own, "words": " ".join(list(words)[:400])},
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value if isinstance(each, dict) for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _key(table: str) -> tuple[sa.Column | sa.Constraint, ...]:
    """What leads every table of a programme."""
    return (
        sa.Column("programme_id", _SMALL_ID, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f(f"fk_{table}_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "id", name=op.f(f"pk_{table}")),
    )


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"
