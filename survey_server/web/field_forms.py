"""What a phone takes to the field: its list of forms, and forms and data sets by their digest, for ever."""

from __future__ import annotations

from flask import Blueprint, Response, request

from survey_server.db.forms import get_data_set, get_phone_form
from survey_server.db.openrosa.entities import find_list_content
from survey_server.web.access import get_database, get_trusted_device
from survey_server.web.phone_view import one_language, send_small, view_phone

field_forms = Blueprint("field_forms", __name__, url_prefix="/api/v1")

_FOR_EVER = "private, max-age=31536000, immutable"


@field_forms.get("/phone")
def get_phone() -> Response:
    """What this phone has to know before it goes to the field: itself, its programme and the forms to fill."""
    return send_small(view_phone(get_trusted_device()))


@field_forms.get("/forms/<sha256>.json")
def get_form_document(sha256: str) -> Response:
    """A form as the phone fills it. What is at this address never changes."""
    device = get_trusted_device()
    with get_database().reading() as session:
        version = get_phone_form(session, device.programme_id, sha256)
    bodies = {"br": version.phone_br, "gzip": version.phone_gz, "": version.phone}
    return _send_for_ever(bodies, "application/json", sha256)


@field_forms.get("/forms/<sha256>/<part>.json")
def get_form_part(sha256: str, part: str) -> Response:
    """The form in one language, or the texts of another. What is at this address never changes.

    `part` is the SHA-256 of its bytes. The form in one language tells as `others` where the texts of the others are.
    """
    device = get_trusted_device()
    with get_database().reading() as session:
        asset = one_language.get_part(get_phone_form(session, device.programme_id, sha256), part)
    return _send_for_ever({"br": b"", "gzip": b"", "": asset.body} | dict(asset.encodings), "application/json", part)


@field_forms.get("/datasets/<sha256>")
def get_data_set_content(sha256: str) -> Response:
    """A data set as it was attached. What is at this address never changes."""
    device = get_trusted_device()
    with get_database().reading() as session:
        content = find_list_content(session, device.programme_id, sha256)
        if content is None:
            data_set = get_data_set(session, device.programme_id, sha256)
            bodies = {"br": data_set.content_br, "gzip": data_set.content_gz, "": data_set.content}
        else:
            bodies = {"br": b"", "gzip": b"", "": content}
    return _send_for_ever(bodies, "text/csv; charset=utf-8", sha256)


def _send_for_ever(bodies: dict[str, bytes], media_type: str, sha256: str) -> Response:
    encoding = next((name for name in ("br", "gzip") if bodies[name] and request.accept_encodings[name] > 0), "")
    response = Response(bodies[encoding], content_type=media_type)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _FOR_EVER
    response.set_etag(f"{sha256[:32]}-{encoding or 'plain'}")
    response.make_conditional(request)
    return response
