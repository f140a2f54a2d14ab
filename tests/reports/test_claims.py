"""What a report may never say, in any language, whatever words come with the data."""

from __future__ import annotations

import pytest

from survey_server.reports.catalogue import LANGUAGES, get_catalogue
from survey_server.reports.claims import is_forbidden
from survey_server.reports.document import render_json
from survey_server.reports.value import Note
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import build_wave_summary


@pytest.mark.parametrize(
    "claim",
    [
        "The programme stopped trafficking.",
        "This proves that training works.",
        "The fall was caused by the patrols.",
        "El programa detuvo el narcotráfico.",
        "Se ha demostrado que sirve.",
        "La capacitación causó la mejora.",
        "Mejoró gracias al programa.",
        "Le programme a arrêté le trafic.",
        "Cela prouve que la formation sert.",
        "La baisse est causée par les patrouilles.",
    ],
)
def test_it_knows_a_claim_that_no_survey_can_make(claim: str) -> None:
    assert is_forbidden(claim)


@pytest.mark.parametrize(
    "sentence",
    [
        "“No clear change” does not mean that nothing changed.",
        "La diferencia de cambios no prueba por sí sola nada.",
        "Ce rapport ne dit pas pourquoi quelque chose a changé.",
    ],
)
def test_it_lets_careful_sentences_pass(sentence: str) -> None:
    assert not is_forbidden(sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_no_text_that_claims_too_much(language: str) -> None:
    texts = get_catalogue(language).texts
    assert {key for key, text in texts.items() if is_forbidden(text)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_writes_no_sentence_that_claims_too_much(
    language: str, waves: tuple[ProgrammeInfo, list[WaveData], list[WaveData]]
) -> None:
    summary = build_wave_summary(*waves, language)
    written = [summary_text for _, note in summary.notes() if (summary_text := get_catalogue(language).write(note))]
    assert len(written) > 50
    assert [sentence for sentence in written if is_forbidden(sentence)] == []
    assert render_json(summary)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_takes_back_a_sentence_whose_words_from_the_data_claim_too_much(language: str) -> None:
    catalogue = get_catalogue(language)
    sentence = catalogue.write(Note("comparison.disagree", words={"name": "The programme stopped trafficking"}))
    assert sentence == catalogue["claim.removed"]
