"""What has bytes beside the XML: photos, sound, drawings, files, audit logs of interviews."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, WithId, now


class Media(WithId, Base):
    """One file of one interview, under the name that its XML gives it; the bytes lie in the media store by digest.

    It is known by the interview's instance id and not by a submission, because it may arrive first. Other bytes under
    the same name are another row: nothing is overwritten.
    """

    __tablename__ = "media"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "device_id"], ["device.programme_id", "device.id"]),
        UniqueConstraint("programme_id", "instance_id", "name", "sha256"),
        Index("ix_media_sha256", "programme_id", "sha256"),
    )

    instance_id: Mapped[str]
    name: Mapped[str]
    type: Mapped[str]
    """What the sender says it is."""
    found_type: Mapped[str | None]
    """What its first bytes say it is, once it is here and can be read."""
    size: Mapped[int]
    sha256: Mapped[str]
    sealed: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str]
    device_id: Mapped[int | None]
    announced_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None]
