"""The verdict: the one rule that turns a change into a word, and the words in three languages."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from survey_server.estimation.change import Change, difference, mde, p_value
from survey_server.estimation.distributions import t_quantile
from survey_server.estimation.suppression import SENSITIVE_BELOW, SUPPRESSED_BELOW
from survey_server.problems import BadEstimate

Direction: TypeAlias = Literal["up", "down", "context", "target"]
WordKey: TypeAlias = Literal[
    "not_comparable",
    "suppressed",
    "too_few",
    "rose",
    "fell",
    "flat",
    "improved",
    "worsened",
    "stable",
    "no_clear_change",
]

MIN_EFFECTIVE = 50

VERDICT_WORDS: Final[dict[str, dict[str, str]]] = {
    "es": {
        "not_comparable": "No comparable",
        "suppressed": "Suprimido",
        "too_few": "Muy pocos casos",
        "rose": "Subió",
        "fell": "Bajó",
        "flat": "Sin variación clara",
        "improved": "Mejoró",
        "worsened": "Empeoró",
        "stable": "Estable",
        "no_clear_change": "Sin cambio claro",
        "small": "poco",
        "detectable": "cambio mínimo detectable ≈ {mde}",
    },
    "en": {
        "not_comparable": "Not comparable",
        "suppressed": "Suppressed",
        "too_few": "Too few to tell",
        "rose": "Rose",
        "fell": "Fell",
        "flat": "Flat",
        "improved": "Improved",
        "worsened": "Worsened",
        "stable": "Stable",
        "no_clear_change": "No clear change",
        "small": "small",
        "detectable": "smallest detectable change ≈ {mde}",
    },
    "fr": {
        "not_comparable": "Non comparable",
        "suppressed": "Supprimé",
        "too_few": "Trop peu de cas",
        "rose": "A augmenté",
        "fell": "A baissé",
        "flat": "Sans variation nette",
        "improved": "Amélioré",
        "worsened": "Détérioré",
        "stable": "Stable",
        "no_clear_change": "Pas de changement net",
        "small": "faible",
        "detectable": "plus petit changement détectable ≈ {mde}",
    },
}


@dataclass(frozen=True)
class Verdict:
    """A word, whether the change is smaller than the one that matters, and why this word.

    `reason` names the branch that was taken, or carries the comparability break; `cautions` are printed beside the
    word; `mde` is there for "no clear change", which is never written "no change".
    """

    word_key: WordKey
    small: bool = False
    reason: str = ""
    cautions: tuple[str, ...] = ()
    mde: float = math.nan

    def words(self, language: str, mde_text: str = "") -> str:
        """The verdict as printed: "Improved (small)", "No clear change (smallest detectable change ≈ 6.2 pp)"."""
        words = VERDICT_WORDS[language]
        word = words[self.word_key]
        if self.small:
            return f"{word} ({words['small']})"
        if self.word_key == "no_clear_change" and mde_text:
            return f"{word} ({words['detectable'].format(mde=mde_text)})"
        return word


def oriented(change: Change, direction: Direction, target: float | None = None) -> Change:
    """The change turned so that more is better: flipped for `down`, in distance to the target for `target`.

    Families of tests are made of the p values of oriented changes.
    """
    if direction in ("up", "context"):
        return change
    left, right = change.before, change.after
    if direction == "down":
        e = change.estimate
        turned = dataclasses.replace(e, value=-e.value, low=-e.high, high=-e.low)
        return dataclasses.replace(change, estimate=turned)
    if target is None:
        raise BadEstimate("an indicator whose direction is 'target' needs a target in the indicators sheet")
    value = abs(left.value - target) - abs(right.value - target)
    variance = change.estimate.se**2
    if (left.value - target) * (right.value - target) < 0:  # the two waves lie on different sides of the target
        variance = 2 * (left.se**2 + right.se**2) - variance
    se, df = math.sqrt(max(variance, 0.0)), change.estimate.df
    turned = difference(value, se, df, [left, right])
    return dataclasses.replace(change, estimate=turned, p_value=p_value(value, se, df), mde=mde(se))


def verdict(
    change: Change | None,
    direction: Direction,
    minimum_change: float,
    p_adjusted: float | None = None,
    *,
    breaks: Sequence[str] = (),
    cautions: Sequence[str] = (),
    target: float | None = None,
    sensitive: bool = False,
    alpha: float = 0.05,
) -> Verdict:
    """The one rule: what may be said of a change, in the order in which things disqualify it.

    `change` and `minimum_change` are in the same units. `p_adjusted` is the p value inside its family (the change's
    own without it). `breaks` and `cautions` come from comparability.
    """
    kept = tuple(cautions)
    if breaks:
        return Verdict("not_comparable", reason="; ".join(breaks), cautions=kept)
    if change is None or min(change.before.n, change.after.n) < (SENSITIVE_BELOW if sensitive else SUPPRESSED_BELOW):
        return Verdict("suppressed", reason="n", cautions=kept)
    if min(change.before.n_eff, change.after.n_eff) < MIN_EFFECTIVE:
        return Verdict("too_few", reason="n_eff", cautions=kept)
    turned = oriented(change, direction, target)
    delta = turned.estimate.value
    p = turned.p_value if p_adjusted is None else p_adjusted
    moved = p < alpha
    small = moved and abs(delta) < minimum_change
    if direction == "context":
        key: WordKey = "flat" if not moved else "rose" if delta > 0 else "fell"
        return Verdict(key, small, "context", kept)
    if moved and delta != 0:
        return Verdict("improved" if delta > 0 else "worsened", small, "significant", kept)
    reach = t_quantile(0.95, turned.estimate.df) * turned.estimate.se
    if -minimum_change < delta - reach and delta + reach < minimum_change:
        return Verdict("stable", reason="equivalent", cautions=kept)
    return Verdict("no_clear_change", reason="neither", cautions=kept, mde=turned.mde)
