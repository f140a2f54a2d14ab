"""Who hands interviews over, and by which door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from survey_server.db.field.devices import Sender
from survey_server.db.models import now


@dataclass(frozen=True)
class Source:
    """Who hands over, and by which door: "phone", "file", "import", "openrosa" or "demo"."""

    programme_id: int
    door: str
    actor: str
    device: Sender | None = None
    report: Mapping[str, Any] | None = None
    """What the phone says about itself, when it does."""
    received_at: datetime = field(default_factory=now)

    def device_of(self, brought_by: int | None) -> int | None:
        """The phone that brought something, whoever hands it over now."""
        return brought_by or (self.device.id if self.device else None)
