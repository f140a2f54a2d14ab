"""WaveSummary: the one value that every edition is drawn from, built by pure functions from the data of the waves."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import survey_server
from survey_server.problems import NothingToReport
from survey_server.reports.audiences import INTEGRITY, Cut, cut_pages
from survey_server.reports.catalogue import get_catalogue
from survey_server.reports.measure import Pair
from survey_server.reports.page_order import build_pages
from survey_server.reports.pages.cover import build_facts
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study
from survey_server.reports.value import LeftOut, Note, Page, Table, notes_of, tables_of
from survey_server.reports.wave_data import Decided, ProgrammeInfo, WaveData


@dataclass(frozen=True)
class WaveSummary:
    """A report in one language: cover, pages in order, and the pages that have no data with the reason."""

    language: str
    programme: ProgrammeInfo
    waves: tuple[str, ...]
    edition: str
    state: Literal["final", "preliminary"]
    cutoff: datetime | None
    code_version: str
    data_hash: str
    facts: Table
    pages: tuple[Page, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def report_id(self) -> str:
        """The name of this very report: the same for the same data, code, language and edition."""
        parts = (self.programme.code, *self.waves, self.language, self.edition, self.code_version, self.data_hash)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12].upper()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who gets this edition."""
        return tuple(self.programme.recipients.get(self.edition, ()))

    @property
    def title(self) -> str:
        """The title in the document's properties."""
        return f"{self.programme.name}: {self.waves_line}"

    @property
    def waves_line(self) -> str:
        """The waves compared, earlier first."""
        return " → ".join(self.waves)

    def tables(self) -> Iterator[Table]:
        """Every table of every page, the cover's first."""
        yield self.facts
        for page in self.pages:
            yield from tables_of(page)

    def notes(self) -> Iterator[tuple[str, Note]]:
        """Every sentence with the page it stands on."""
        for page in self.pages:
            for sentence in notes_of(page):
                yield page.id, sentence


def build_wave_summary(
    programme: ProgrammeInfo,
    before: Sequence[WaveData],
    after: Sequence[WaveData],
    language: str,
    edition: str = "full",
    registers: Sequence[WaveData] = (),
    between: Sequence[Sequence[WaveData]] = (),
    find_decided: Callable[[str], Decided | None] = lambda data_hash: None,
) -> WaveSummary:
    """The report on the forms of `after`, each compared with the same form in `before` where there is one.

    `registers` are forms kept all along, whole; `between` are further waves, for trends only. Waves given in the
    wrong order are set right, and the first page says so. `find_decided` knows what was decided on data of this hash.
    """
    swapped = _are_swapped(before, after)
    if swapped:
        before, after = after, before
    earlier = {data.form_id: Sample(data) for data in before}
    samples = [Sample(data) for data in after]
    pairs = tuple(Pair(_with_rows(earlier.get(s.data.form_id)), s) for s in samples if s.n)
    pairs = tuple(sorted(pairs, key=lambda pair: pair.is_observation))  # surveys first, as the pages go
    if not pairs:
        raise NothingToReport("No submission of these waves counts: none has arrived, or none was agreed to.")
    kept = {data.form_id: sample for data in registers if (sample := Sample(data)).n}
    read = [*(sample for pair in pairs for sample in pair.samples), *kept.values()]
    data_hash = _data_hash(programme, read)
    decided = find_decided(data_hash)
    study = Study(programme, pairs, get_catalogue(language), kept, _trends(pairs, between), swapped, decided)
    built = cut_pages(list(build_pages(study)), _cut(study, edition))
    return WaveSummary(
        language=language,
        programme=programme,
        waves=study.wave_names,
        edition=edition,
        state="final" if all(s.data.wave.state == "locked" for p in pairs for s in p.samples) else "preliminary",
        cutoff=_cutoff(read),
        code_version=code_version(),
        data_hash=data_hash,
        facts=build_facts(study),
        pages=tuple(page for page in built if isinstance(page, Page)),
        left_out=tuple(page for page in built if isinstance(page, LeftOut)),
    )


@cache
def code_version() -> str:
    """The package's version and a digest of its code, texts and templates: what made the report."""
    root = Path(survey_server.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.suffix in (".py", ".toml", ".css", ".j2")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return f"{version('survey-server')}+{digest.hexdigest()[:8]}"


def _cut(study: Study, edition: str) -> Cut:
    """What cutting an edition needs to know of the study."""
    sensitive = {result.indicator.code for result in study.results if result.indicator.sensitive}
    departments = {name for pair in study.pairs if (name := pair.after.role("department"))}
    return Cut(edition, study.t, sensitive | INTEGRITY, departments)


def _are_swapped(before: Sequence[WaveData], after: Sequence[WaveData]) -> bool:
    """Whether the later wave was given first."""
    later = {data.form_id: data.wave.ordinal for data in after}
    return any(data.wave.ordinal > later.get(data.form_id, data.wave.ordinal) for data in before)


def _trends(pairs: Sequence[Pair], between: Sequence[Sequence[WaveData]]) -> dict[str, tuple[Sample, ...]]:
    """All waves of each form in their order."""
    found: dict[str, list[Sample]] = {pair.form_id: list(pair.samples) for pair in pairs}
    for wave in between:
        for data in wave:
            if data.form_id in found and (sample := Sample(data)).n:
                found[data.form_id].append(sample)
    return {form: tuple(sorted(samples, key=lambda s: s.data.wave.ordinal)) for form, samples in found.items()}


def _with_rows(sample: Sample | None) -> Sample | None:
    return sample if sample is not None and sample.n else None


def _cutoff(samples: Sequence[Sample]) -> datetime | None:
    """When the last submission arrived."""
    moments = [
        pd.to_datetime(sample.everyone["_received_at"], utc=True, errors="coerce").max()
        for sample in samples
        if "_received_at" in sample.everyone
    ]
    known = [moment for moment in moments if not pd.isna(moment)]
    return max(known).to_pydatetime() if known else None


def _data_hash(programme: ProgrammeInfo, samples: Sequence[Sample]) -> str:
    """A digest of all that the figures were made from, whatever the order of arrival.

    Every answer and design column, the registry, the plan with its targets and margins, and rulings on questions.
    """
    digest = hashlib.sha256(json.dumps(programme.plan, sort_keys=True, default=str).encode())
    for sample in samples:
        digest.update(f"{sample.data.form_id}:{sample.data.wave.ordinal}\n".encode())
        for frame in (sample.everyone, *sample.data.repeats.values()):
            digest.update(np.sort(_row_hashes(frame)).tobytes())
        digest.update(repr(sorted(sample.data.files.items())).encode())
        digest.update(json.dumps(sample.data.registry.to_json(), sort_keys=True).encode())
        digest.update(repr(sorted(map(str, sample.data.rulings))).encode())
    return digest.hexdigest()[:12]


_PRIME = 0x100000001B3


def _row_hashes(frame: pd.DataFrame) -> NDArray[np.uint64]:
    """A number for every row that any other answer in any column would change; sums wrap round, as hashes may."""
    hashes = np.zeros(len(frame), dtype=np.uint64)
    for name in sorted(frame.columns):
        places, distinct = _places(frame[name])
        texts = np.array([f"{name}={value}" for value in distinct], dtype=object)
        hashes *= np.uint64(_PRIME)
        hashes += np.take(pd.util.hash_array(texts, categorize=False), places)
    return hashes


def _places(column: pd.Series) -> tuple[NDArray[np.integer[Any]], list[Any]]:
    """Where each row's value stands in the list of values; blanks last, where -1 points to as well."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), [*column.cat.categories.tolist(), math.nan]
    places, distinct = pd.factorize(column, use_na_sentinel=False)
    return places, distinct.tolist()
