"""Small tables as CSV files that a spreadsheet opens as they are, and never as formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from survey_server.xlsform.cells import neutral


def csv_file(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A download; numbers stay numbers, None is blank, and a text that a spreadsheet would calculate is neutralised."""
    kept = io.StringIO()
    writer = csv.writer(kept)
    writer.writerow([neutral(each) for each in heading])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    response = Response(kept.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
