"""The programmes that the reader may see, and the page of one: waves, forms, phones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from survey_server.db.field.progress import (
    Waiting,
    WaveProgress,
    count_waiting,
    list_forms,
    list_waves,
)
from survey_server.db.models import Programme, now
from survey_server.db.programmes import list_programmes
from survey_server.db.review.listings import list_phones
from survey_server.problems import NotThere
from survey_server.web.office.frame import Answer, Visit, office, page, reading, render
from survey_server.web.office.roles import Right, rights_of

SHOWN = 4
"""Open waves that the list of programmes names."""


@dataclass(frozen=True)
class ProgrammeLine:
    """One programme in the list."""

    programme: Programme
    waves: list[WaveProgress]

    @property
    def received(self) -> int:
        """Submissions in all waves."""
        return sum(wave.received for wave in self.waves)

    @property
    def open_waves(self) -> list[WaveProgress]:
        """The waves in the field now, those of forms with several waves first."""
        return [wave for group in by_form(self.waves) for wave in group if wave.state == "open"]


@page("/")
def home(visit: Visit) -> Answer:
    """The programmes of the reader, with what is in the field."""
    with reading(visit) as session:
        mine = [
            programme
            for programme in list_programmes(session)
            if visit.login.administrator or Right.PROGRESS in rights_of(visit.login.roles.get(programme.code, ()))
        ]
        lines = [ProgrammeLine(programme, list_waves(session, programme)) for programme in mine]
    return render("programmes.html", lines=lines, shown=SHOWN)


@page("/p/<code>/", Right.PROGRESS)
def programme_page(visit: Visit) -> Answer:
    """One programme: its waves with their progress, its forms, its phones."""
    with reading(visit) as session:
        waves = list_waves(session, visit.here)
        forms = list_forms(session, visit.here)
        phones = list_phones(session, visit.here) if visit.may(Right.DEVICES) else []
        waiting = count_waiting(session, visit.here) if visit.may(Right.QUARANTINE) else Waiting(0, 0, 0)
    return render(
        "programme.html", waves=waves, groups=by_form(waves), forms=forms, phones=phones, waiting=waiting, at=now()
    )


def by_form(waves: Iterable[WaveProgress]) -> list[list[WaveProgress]]:
    """The waves of each form together: those in several waves first, then by what has come in; registers last."""
    groups: dict[str, list[WaveProgress]] = {}
    for wave in waves:
        groups.setdefault(wave.form_id, []).append(wave)
    return sorted(groups.values(), key=lambda group: (-len(group), -sum(wave.received for wave in group)))


@office.route("/<path:anything>")
def nowhere(anything: str) -> Answer:
    """Every other address of the office."""
    raise NotThere(f"There is no page {anything!r}.")
