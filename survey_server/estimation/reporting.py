"""Reading reported violence: is it more violence, more trust, or another way of keeping books?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from survey_server.estimation.change import Change
from survey_server.estimation.distributions import normal_quantile
from survey_server.problems import BadEstimate

Move: TypeAlias = Literal["up", "flat", "down"]
ReadingKey: TypeAlias = Literal[
    "coming_forward",
    "recorded_more",
    "conflicting",
    "more_of_both",
    "more_violence",
    "more_violence_less_trust",
    "more_candour",
    "no_clear_change",
    "hidden_rise",
    "less_violence",
    "less_or_unrecorded",
    "silence",
    "too_few_victims",
]

MIN_VICTIMS = 50

READING_WORDS: Final[dict[str, dict[str, str]]] = {
    "es": {
        "coming_forward": "Más personas se animan a denunciar",
        "recorded_more": "Se registró más; puede haber cambiado la forma de registrar",
        "conflicting": "Señales contradictorias: revisar los datos",
        "more_of_both": "Hay más violencia y más personas la denuncian",
        "more_violence": "Hay más violencia",
        "more_violence_less_trust": "Hay más violencia y menos confianza",
        "more_candour": "Probablemente menos violencia y más confianza para denunciar",
        "no_clear_change": "Sin cambio claro",
        "hidden_rise": "Posible aumento oculto",
        "less_violence": "Probablemente menos violencia",
        "less_or_unrecorded": "Menos violencia o menos registro: ver la victimización",
        "silence": "Silencio: menos denuncias con menos confianza",
        "too_few_victims": "Muy pocas víctimas entrevistadas para leer las denuncias",
    },
    "en": {
        "coming_forward": "More people are coming forward",
        "recorded_more": "Recorded more; recording practice may have changed",
        "conflicting": "Conflicting: check data",
        "more_of_both": "More violence and more people report it",
        "more_violence": "More violence",
        "more_violence_less_trust": "More violence and less confidence",
        "more_candour": "Likely less violence, more candour",
        "no_clear_change": "No clear change",
        "hidden_rise": "Possible hidden rise",
        "less_violence": "Less violence likely",
        "less_or_unrecorded": "Less violence or less recording: see victimisation",
        "silence": "Silence: fewer reports with less trust",
        "too_few_victims": "Too few victims interviewed to read the reports",
    },
    "fr": {
        "coming_forward": "Davantage de personnes signalent",
        "recorded_more": "Enregistrement en hausse ; la pratique a pu changer",
        "conflicting": "Signaux contradictoires : vérifier les données",
        "more_of_both": "Plus de violence et plus de personnes la signalent",
        "more_violence": "Plus de violence",
        "more_violence_less_trust": "Plus de violence et moins de confiance",
        "more_candour": "Probablement moins de violence et plus de franchise",
        "no_clear_change": "Pas de changement net",
        "hidden_rise": "Hausse cachée possible",
        "less_violence": "Probablement moins de violence",
        "less_or_unrecorded": "Moins de violence ou moins d'enregistrement : voir la victimation",
        "silence": "Silence : moins de signalements et moins de confiance",
        "too_few_victims": "Trop peu de victimes interrogées pour lire les signalements",
    },
}


@dataclass(frozen=True)
class Part:
    """One part of the change of reports on the log scale, with its interval; `percent` says it in percent."""

    log: float
    low: float
    high: float

    @property
    def percent(self) -> float:
        """The part as a change in percent."""
        return 100 * (math.exp(self.log) - 1)


@dataclass(frozen=True)
class Decomposition:
    """ln(R2/R1) = ln(V2/V1) + ln(q2/q1) + residual: victims, share reported, and recording practice with error."""

    reports: Part
    victimisation: Part
    reporting_rate: Part
    residual: Part


def decompose_reports(
    before: float,
    after: float,
    victimisation: Change,
    reporting_rate: Change,
    exposure_before: float = 1.0,
    exposure_after: float = 1.0,
    level: float = 0.95,
) -> Decomposition:
    """Recorded reports of two periods taken apart with the surveys of both; intervals by the delta method."""
    if min(before, after) <= 0:
        raise BadEstimate("the change of reports can't be taken apart where a period has none")
    z = normal_quantile(0.5 + level / 2)
    reports, reports_variance = math.log(after / exposure_after * exposure_before / before), 1 / before + 1 / after
    victims, victims_variance = _log_change(victimisation)
    rate, rate_variance = _log_change(reporting_rate)

    def part(log: float, variance: float) -> Part:
        reach = z * math.sqrt(variance)
        return Part(log, log - reach, log + reach)

    return Decomposition(
        part(reports, reports_variance),
        part(victims, victims_variance),
        part(rate, rate_variance),
        part(reports - victims - rate, reports_variance + victims_variance + rate_variance),
    )


def move_of(low: float, high: float) -> Move:
    """Up or down when the interval leaves out 0."""
    return "up" if low > 0 else "down" if high < 0 else "flat"


def trust_move(reporting_rate: Move, trust: Move) -> Move:
    """Reporting rate and trust together: up if either is up and the other not down, and the other way round."""
    moves = {reporting_rate, trust}
    if moves == {"up", "down"} or moves == {"flat"}:
        return "flat"
    return "up" if "up" in moves else "down"


def read_reports(reports: Move, trust: Move, victimisation: Move, fewest_victims: int) -> ReadingKey:
    """The cell of the reporting-against-trust matrix; it needs 50 interviewed victims in each wave."""
    if fewest_victims < MIN_VICTIMS:
        return "too_few_victims"
    readings: dict[Move, ReadingKey]
    if reports == "up" and victimisation == "up":
        readings = {"up": "more_of_both", "flat": "more_violence", "down": "more_violence_less_trust"}
    elif reports == "up":
        readings = {"up": "coming_forward", "flat": "recorded_more", "down": "conflicting"}
    elif reports == "flat":
        candour: ReadingKey = "more_candour" if victimisation == "down" else "no_clear_change"
        readings = {"up": candour, "flat": "no_clear_change", "down": "hidden_rise"}
    else:
        fewer: ReadingKey = "less_violence" if victimisation == "down" else "less_or_unrecorded"
        readings = {"up": fewer, "flat": "less_or_unrecorded", "down": "silence"}
    return readings[trust]


def _log_change(change: Change) -> tuple[float, float]:
    """The log of after over before and its variance, what both waves share taken into account."""
    a, b = change.before, change.after
    if min(a.value, b.value) <= 0:
        raise BadEstimate("a rate of 0 in one of the waves can't be taken apart on the log scale")
    covariance = (a.se**2 + b.se**2 - change.estimate.se**2) / 2
    variance = (a.se / a.value) ** 2 + (b.se / b.value) ** 2 - 2 * covariance / (a.value * b.value)
    return math.log(b.value / a.value), max(variance, 0.0)
