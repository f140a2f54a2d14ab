"""Incidents of a programme as columns ready to be counted; prepared again only when something has come or changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_server.db.analysis.frames import wave_frame
from survey_server.db.forms import get_form
from survey_server.db.models import Programme, Submission
from survey_server.db.waves import list_waves
from survey_server.estimation.incidents import incident_frame
from survey_server.problems import UnknownForm

FORM = "ssr_incident"
_KEPT = 16


@dataclass(frozen=True)
class Incidents:
    """The incidents of a programme and when the last of them arrived."""

    frame: pd.DataFrame
    fresh: datetime | None


_kept: dict[tuple[str, int], tuple[tuple[int, datetime | None], Incidents]] = {}
_lock = Lock()


def read_incidents(session: Session, programme: Programme) -> Incidents | None:
    """All incidents of the programme's register, in the order of arrival; None when it has no such form or rows."""
    try:
        form = get_form(session, programme.id, FORM)
    except UnknownForm:
        return None
    state = session.execute(
        select(func.count(), func.max(Submission.changed_at)).where(
            Submission.programme_id == programme.id, Submission.form_row == form.id
        )
    ).one()
    key, mark = (str(session.get_bind().engine.url), programme.id), (int(state[0]), state[1])
    with _lock:
        known = _kept.get(key)
    if known and known[0] == mark:
        return known[1]
    frames = [wave_frame(session, wave) for wave in list_waves(session, programme.id, form)]
    frames = [frame for frame in frames if len(frame) and {"ictype", "t_event"} <= set(frame.columns)]
    if not frames:
        return None
    whole = pd.concat(frames, ignore_index=True)
    minutes = float((programme.policies.get("plan") or {}).get("response_minutes", 30))
    fresh = whole["_received_at"].max()
    found = Incidents(incident_frame(whole, minutes=minutes), fresh.to_pydatetime().astimezone(UTC))
    with _lock:
        _kept.pop(key, None)
        _kept[key] = (mark, found)
        while len(_kept) > _KEPT:
            del _kept[next(iter(_kept))]
    return found
