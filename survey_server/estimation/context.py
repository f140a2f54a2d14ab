"""What may be said of numbers that are neither good nor bad by themselves: only with the numbers that go with them.

An arrest, a seizure or a complaint more can be better work or more trouble. Each such number has companions; each
rule here looks at how they moved and gives the key of a reading. None of them says better or worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

Move: TypeAlias = Literal["up", "flat", "down", "unknown"]
Moves: TypeAlias = Mapping[str, Move]

COMPANIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "arrests": ("charges_per_arrest", "complaints_per_arrest"),
    "seizures": ("events", "hit_rate"),
    "presence": ("safety", "fairness"),
    "complaints": ("sustained_share", "bribes"),
    "prosecutions": ("conviction_rate", "pretrial"),
    "waiting": ("control", "bribes"),
    "flags": ("discreet_share",),
}
"""The numbers that must be known before a reading of each is given."""


def read_context(name: str, own: Move, companions: Moves) -> str:
    """The key of the reading of `name`, given how it moved and how its companions did.

    "not_known" when it moved and a companion is missing; "flat" when it didn't move; "fell" when it fell, for the
    rules are about rises.
    """
    if own in ("unknown", "flat"):
        return "not_known" if own == "unknown" else "flat"
    if own == "down":
        return "fell"
    missing = [key for key in COMPANIONS[name] if companions.get(key, "unknown") == "unknown"]
    return f"{name}.alone" if missing else f"{name}.{_RULES[name](companions)}"


def _arrests(moves: Moves) -> str:
    if moves["charges_per_arrest"] == "down" and moves["complaints_per_arrest"] == "up":
        return "round_ups"
    good = moves["charges_per_arrest"] != "down" and moves["complaints_per_arrest"] != "up"
    return "followed" if good else "mixed"


def _seizures(moves: Moves) -> str:
    if moves["events"] == "up" and moves["hit_rate"] == "up":
        return "targeted"
    return "few_events" if moves["events"] != "up" else "more_flow"


def _presence(moves: Moves) -> str:
    if moves["safety"] == "down":
        return "frightens"
    return "reassures" if moves["safety"] == "up" and moves["fairness"] != "down" else "by_group"


def _complaints(moves: Moves) -> str:
    if moves["bribes"] == "up":
        return "more_bribes"
    return "channel_trusted" if moves["bribes"] == "down" and moves["sustained_share"] != "up" else "channel_used"


def _prosecutions(moves: Moves) -> str:
    if moves["conviction_rate"] == "down" or moves["pretrial"] == "up":
        return "guard"
    return "sound"


def _waiting(moves: Moves) -> str:
    if moves["bribes"] == "up":
        return "bribes"
    return "control" if moves["control"] == "up" and moves["bribes"] == "down" else "cost"


def _flags(moves: Moves) -> str:
    return "more_sight" if moves["discreet_share"] == "up" else "more_flags"


_RULES: Final[Mapping[str, Callable[[Moves], str]]] = {
    "arrests": _arrests,
    "seizures": _seizures,
    "presence": _presence,
    "complaints": _complaints,
    "prosecutions": _prosecutions,
    "waiting": _waiting,
    "flags": _flags,
}

READINGS: Final = (
    *("flat", "fell", "not_known"),
    *(f"{name}.alone" for name in COMPANIONS),
    *("arrests.round_ups", "arrests.followed", "arrests.mixed"),
    *("seizures.targeted", "seizures.few_events", "seizures.more_flow"),
    *("presence.frightens", "presence.reassures", "presence.by_group"),
    *("complaints.more_bribes", "complaints.channel_trusted", "complaints.channel_used"),
    *("prosecutions.guard", "prosecutions.sound"),
    *("waiting.bribes", "waiting.control", "waiting.cost"),
    *("flags.more_sight", "flags.more_flags"),
)
"""Every reading that can come out."""
