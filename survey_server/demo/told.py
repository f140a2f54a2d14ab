"""A form filled from a list of values made beforehand: what the returns, registers and logs of the demo are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from survey_server.demo.walk import Offer, Reader

Value = str | int | float | Sequence[str]


@dataclass
class Told:
    """Values by question; a list holds one value for each time the question is asked inside a repeat.

    A question without a value stays blank.
    """

    values: Mapping[str, Value]
    asked: dict[str, int] = field(default_factory=dict)

    def answer(self, name: str, offered: Offer, read: Reader) -> str:
        """The value for the question `name`, as the form stores it."""
        value = self.values.get(name, "")
        if isinstance(value, str | int | float):
            return str(value)
        place = self.asked.get(name, 0)
        self.asked[name] = place + 1
        return value[place]


@dataclass(frozen=True)
class Done:
    """One such form: who fills it, and when."""

    by: str
    started: datetime
    told: Told
