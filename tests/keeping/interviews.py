"""What a server has taken in before its data are kept or moved."""

from __future__ import annotations

from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme
from survey_server.db.session import Database
from tests.web.field import interview

PHOTO = bytes(range(256)) * 900


def add_interviews(database: Database, programme: Programme, numbers: range) -> None:
    arrivals = []
    for number in numbers:
        xml = interview(f"uuid:{number}", remark=f"ñandú {number}").encode()
        arrivals.append(Arrival(f"uuid:{number}", "mini", "1", xml))
    receipts = take_in(database, Source(programme.id, "import", "command"), arrivals)
    assert {receipt.status for receipt in receipts} == {201}
