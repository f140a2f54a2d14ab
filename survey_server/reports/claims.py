"""What a report may not say, in any language: that trafficking was stopped, that something was proved or caused."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FORBIDDEN: Mapping[str, re.Pattern[str]] = {
    "es": re.compile(
        r"\b(det(uvo|uvieron|enido)|par(ó|aron)|acab(ó|aron) con|elimin(ó|aron)) (el |al )?(narco)?tráfico"
        r"|\b(demostr(ó|aron|ado)|prob(ó|aron|ado) que|comprob(ó|aron|ado))\b"
        r"|\bcaus(ó|aron|ado por|ada por)\b|\bgracias al programa\b|\bdebido al programa\b",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(stopp?ed|ended|eliminated) (drug )?trafficking\b|\b(proved|proven|proves|proof that)\b|\bcaused( by)?\b"
        r"|\b(thanks|due) to the programme\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\b(a|ont) (arrêté|stoppé|éliminé) le (narco)?trafic\b|\b(a|ont) (prouvé|démontré)\b|\bprouve(nt)? que\b"
        r"|\b(a|ont) causé\b|\bcausée?s? par\b|\bgrâce au programme\b|\bdû au programme\b",
        re.IGNORECASE,
    ),
}


def is_forbidden(sentence: str) -> bool:
    """Whether a sentence claims more than a survey can show (PUB-05), in whichever of the languages."""
    return any(pattern.search(sentence) for pattern in _FORBIDDEN.values())
