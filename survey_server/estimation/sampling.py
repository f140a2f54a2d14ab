"""Drawing samples: the same frame, plan and seed always give the same sample, and each unit its known probability.

Every stratum has a stream of chance of its own, made from the seed and its name: another stratum changes nothing in it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from survey_server.problems import BadDesign

METHODS = ("simple", "systematic", "pps")
RULES = ("proportional", "root", "equal")
_EXPONENTS = {"proportional": 1.0, "root": 0.5, "equal": 0.0}


@dataclass(frozen=True)
class Unit:
    """Something that can be drawn. `order` puts neighbours side by side, which spreads a systematic sample."""

    code: str
    stratum: str = ""
    size: float = 1.0
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Take:
    """How many of a stratum are drawn, and how many more wait in reserve."""

    n: int
    reserve: int = 0


@dataclass(frozen=True)
class Drawn:
    """A unit of the sample with the probability that the main draw gave it, a reserve's as if it had been in it."""

    unit: Unit
    probability: float
    reserve: bool = False

    @property
    def weight(self) -> float:
        """How many units of the frame this one stands for."""
        return 1 / self.probability


def draw_sample(units: Sequence[Unit], plan: Mapping[str, Take], method: str, seed: str) -> list[Drawn]:
    """The sample, stratum by stratum: first the main units, then the reserves in the order of their release.

    Raises BadDesign when a stratum isn't in the frame or hasn't enough units.
    """
    if method not in METHODS:
        raise BadDesign(f"{method!r} is no way to draw: {', '.join(METHODS)}.")
    strata: dict[str, list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: (unit.order, unit.code)):
        strata.setdefault(unit.stratum, []).append(unit)
    drawn: list[Drawn] = []
    for stratum in sorted(plan):
        drawn += _draw_stratum(stratum, strata.get(stratum, []), plan[stratum], method, seed)
    return drawn


def allocate(
    total: int, sizes: Mapping[str, float], rule: str, *, units: Mapping[str, int], least: int = 2
) -> dict[str, int]:
    """`total` shared out over strata by size, its square root or equally; each gets `least`, none more than it has.

    Largest remainders get what rounding leaves. Raises BadDesign when there aren't enough units.
    """
    if rule not in RULES:
        raise BadDesign(f"{rule!r} is no rule to share out: {', '.join(RULES)}.")
    floor = {name: min(least, units[name]) for name in sizes}
    if not sum(floor.values()) <= total <= sum(units[name] for name in sizes):
        raise BadDesign(
            f"{total} can't be shared out: the strata need at least {sum(floor.values())} "
            f"and have {sum(units[name] for name in sizes)}.",
            why="share",
        )
    shares = {name: max(size, 0) ** _EXPONENTS[rule] or 1e-9 for name, size in sizes.items()}
    given = _clamped(total, shares, floor, units)
    whole = {name: math.floor(value + 1e-9) for name, value in given.items()}
    by_remainder = sorted(given, key=lambda name: (whole[name] - given[name], shares[name], name))
    for name in by_remainder[: total - sum(whole.values())]:
        whole[name] += 1
    return whole


def _clamped(
    total: int, shares: Mapping[str, float], floor: Mapping[str, int], most: Mapping[str, int]
) -> dict[str, float]:
    """Shares of `total`, those below their floor or above their most put there first, the rest shared out again."""
    fixed: dict[str, float] = {}
    while True:
        left = total - sum(fixed.values())
        sum_of_free = sum(share for name, share in shares.items() if name not in fixed)
        free = {name: left * share / sum_of_free for name, share in shares.items() if name not in fixed}
        if above := {name: float(most[name]) for name, value in free.items() if value > most[name]}:
            fixed |= above
        elif below := {name: float(floor[name]) for name, value in free.items() if value < floor[name]}:
            fixed |= below
        else:
            return {**fixed, **free}


def inclusion_probabilities(sizes: Sequence[float], n: int, method: str) -> list[float]:
    """What each unit's chance is to be among `n`; with `pps` those too large for their share are certain."""
    if not 0 < n <= len(sizes):
        raise BadDesign(f"{n} can't be drawn of {len(sizes)}.", why="too-few")
    if method != "pps":
        return [n / len(sizes)] * len(sizes)
    if bad := [size for size in sizes if not (math.isfinite(size) and size > 0)]:
        raise BadDesign(f"A unit has the size {bad[0]:g}: to draw by size each needs one above 0.", why="size")
    certain: set[int] = set()
    while True:
        rest = sum(size for place, size in enumerate(sizes) if place not in certain)
        left = n - len(certain)
        large = {p for p, size in enumerate(sizes) if p not in certain and left * size >= rest * (1 - 1e-12)}
        if not large or not left:
            break
        certain |= large
    return [1.0 if place in certain else left * size / rest if left else 0.0 for place, size in enumerate(sizes)]


def systematic_places(probabilities: Sequence[float], start: float) -> list[int]:
    """The places that a draw of equal steps meets, starting at `start` (0 to 1) on the line of probabilities.

    Each place is met with exactly its probability when `start` is drawn evenly from 0 to 1.
    """
    met, reached = [], 0.0
    for place, probability in enumerate(probabilities):
        before, reached = reached, reached + probability
        # A step of the draw is start + 0, start + 1, ...: the place is met when one of them lies in it.
        if math.floor(reached - start - 1e-12) > math.floor(before - start - 1e-12):
            met.append(place)
    return met


def draw_dwellings(listed: int, take: Take, seed: str) -> list[tuple[int, bool]]:
    """Numbers of a list of dwellings, each with whether it is a reserve: evenly spaced, the reserves by lot among them.

    The chance of a dwelling to be in the main draw is `take.n / listed`. Raises BadDesign.
    """
    if not 0 < take.n + take.reserve <= listed:
        raise BadDesign(f"{take.n} dwellings and {take.reserve} in reserve can't be drawn of {listed}.", why="too-few")
    chance = Random(f"{seed}|dwellings")  # noqa: S311 - a sample is no secret: it has to come out again
    n = take.n + take.reserve
    places = systematic_places([n / listed] * listed, chance.random())
    lots = sorted(places, key=lambda _: chance.random())
    main = sorted(lots[: take.n])
    return [(place + 1, False) for place in main] + [(place + 1, True) for place in lots[take.n :]]


def site_weight(probability: float, dwellings_drawn: int | None, dwellings_listed: int | None) -> float:
    """One over the chance of a dwelling: that of its site, times that of the dwelling within it where it is known."""
    within = dwellings_drawn / dwellings_listed if dwellings_drawn and dwellings_listed else 1.0
    return 1 / (probability * within)


def digest_frame(units: Sequence[Unit]) -> str:
    """The SHA-256 of everything that a draw depends on."""
    rows = sorted([unit.code, unit.stratum, repr(float(unit.size)), *unit.order] for unit in units)
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _draw_stratum(name: str, units: Sequence[Unit], take: Take, method: str, seed: str) -> list[Drawn]:
    if take.n + take.reserve > len(units):
        raise BadDesign(
            f"Stratum {name!r} has {len(units)} units: {take.n} and {take.reserve} in reserve are too many.",
            why="too-few",
        )
    if take.n < 1:
        return []
    chance = Random(f"{seed}|{name}")  # noqa: S311 - no secret, as above
    probabilities = inclusion_probabilities([unit.size for unit in units], take.n, method)
    main = _places(probabilities, take.n, method, chance)
    drawn = [Drawn(units[place], probabilities[place]) for place in main]
    rest = [place for place in range(len(units)) if place not in set(main)]
    if take.reserve:
        again = inclusion_probabilities([units[place].size for place in rest], take.reserve, method)
        reserves = [rest[place] for place in _places(again, take.reserve, method, chance)]
        reserves.sort(key=lambda _: chance.random())
        drawn += [Drawn(units[place], probabilities[place], reserve=True) for place in reserves]
    return drawn


def _places(probabilities: Sequence[float], n: int, method: str, chance: Random) -> list[int]:
    if method != "simple":
        return systematic_places(probabilities, chance.random())
    lots = sorted(range(len(probabilities)), key=lambda _: chance.random())
    return sorted(lots[:n])
