"""What the verdicts would be without the interviews of people whose work stands out: said beside the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from survey_server.estimation.verdict import Verdict
from survey_server.reports.coded import Coded
from survey_server.reports.measure import Pair
from survey_server.reports.quality.fieldwork import Fieldwork, Work
from survey_server.reports.results import compute_results
from survey_server.reports.sample import Sample

DOUBTFUL = frozenset(("hurried", "short", "straight", "alike"))


def verdicts_without_flagged(pairs: Sequence[Pair], works: Mapping[str, Work]) -> dict[tuple[str, str], Verdict]:
    """The verdicts by form and indicator when flagged interviewers are left out; empty when nobody is flagged."""
    left = [_without_flagged(pair, works[pair.form_id]) for pair in pairs]
    if all(one is pair for one, pair in zip(left, pairs, strict=True)):
        return {}
    results = compute_results([pair for pair in left if pair is not None])
    return {(r.pair.form_id, r.indicator.code): r.verdict for r in results if r.indicator.headline and r.verdict}


def _without_flagged(pair: Pair, work: Work) -> Pair | None:
    """The same form without flagged interviewers; the pair itself when nobody is; None when nothing is left."""
    samples = [_drop(wave) for wave in work.waves]
    if all(one is wave.sample for one, wave in zip(samples, work.waves, strict=True)):
        return pair
    if any(sample.n == 0 for sample in samples):
        return None
    return Pair(samples[0] if pair.before else None, samples[-1])


def _drop(wave: Fieldwork) -> Sample:
    flagged = {person.code for person in wave.by_interviewer if DOUBTFUL & set(person.flags)}
    if not flagged:
        return wave.sample
    data = wave.sample.data
    who = Coded.of(data.frame, wave.sample.role("interviewer") or "_interviewer")
    kept = ~who.where(flagged.__contains__)
    return Sample(replace(data, frame=data.frame[kept]))
