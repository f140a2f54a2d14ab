"""Pictures to scan, drawn into the page itself."""

from __future__ import annotations

from io import BytesIO

import segno
from markupsafe import Markup


def draw_qr(text: str) -> Markup:
    """A text as a picture to scan; the markup is segno's own, the text is only in its dots."""
    picture = BytesIO()
    segno.make(text, error="m", micro=False).save(
        picture, kind="svg", xmldecl=False, svgns=False, border=2, omitsize=True, title="QR"
    )
    return Markup(picture.getvalue().decode())  # noqa: S704 - drawn above from nothing but dots
