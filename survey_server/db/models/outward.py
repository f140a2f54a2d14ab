"""What goes on without a person at a page: jobs, tokens of the read API, webhooks and their deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, WithId, new_id, now


class Job(Base):
    """Something to be done later, once, by whichever process takes it; programme 0 is the server itself."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_state_due", "state", "due"),
        Index("ix_job_kind", "programme_id", "kind", "key"),
    )

    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(default="")
    """Of jobs of one kind and key only one waits at a time; blank for as many as you like."""
    detail: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting")
    """waiting, running, done or failed."""
    due: Mapped[datetime] = mapped_column(default=now)
    tries: Mapped[int] = mapped_column(default=0)
    most_tries: Mapped[int] = mapped_column(default=1)
    claim: Mapped[str | None]
    """Who runs it; whoever lost the lease finds another claim here and leaves the job alone."""
    lease_until: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    of: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class ApiToken(WithId, Base):
    """A token of the read API. It reads what its maker may read now, of these forms, until it ends or is revoked."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("programme_id", "token_sha256"),)

    label: Mapped[str]
    token_sha256: Mapped[str]
    forms: Mapped[list[Any]]
    purpose: Mapped[str]
    made_by: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None]
    used_at: Mapped[datetime | None]


class Webhook(WithId, Base):
    """An address that is told of events; the secret that signs them lies here wrapped under the server's."""

    __tablename__ = "webhook"

    label: Mapped[str]
    url: Mapped[str]
    secret: Mapped[bytes]
    events: Mapped[list[Any]]
    made_by: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=now)
    stopped_at: Mapped[datetime | None]


class WebhookDelivery(WithId, Base):
    """One event for one address: what is sent, how often it was tried, what was answered."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "webhook_id"], ["webhook.programme_id", "webhook.id"]),
        Index("ix_webhook_delivery_webhook", "programme_id", "webhook_id", "id"),
    )

    webhook_id: Mapped[int]
    event: Mapped[str]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    """waiting, delivered, failed (given up) or dropped (the webhook was stopped)."""
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None]
    answer: Mapped[str | None]
