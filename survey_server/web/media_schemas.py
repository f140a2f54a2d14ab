"""The API's words for media."""

from __future__ import annotations

from marshmallow import fields, validate

from survey_server.web.schemas import Open

_SHA256 = validate.Regexp(r"^[0-9a-f]{64}\Z", error="64 hexadecimal digits")
_PLAIN = validate.Regexp(r"^[^\x00-\x1f\ud800-\udfff]*\Z", error="no control characters, no half characters")
_NAME = validate.Regexp(r"^(?!\.)[^/\\\x00-\x1f\x7f\ud800-\udfff]{1,255}\Z", error="a file name without a path")
_TYPE = validate.Regexp(r"^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}\Z", error="a media type such as image/jpeg")


class MediaItem(Open):
    """A file that is about to come; `size` and `sha256` are of the bytes as they cross the line, sealed or not."""

    submission = fields.String(required=True, validate=[validate.Length(1, 249), _PLAIN])
    name = fields.String(required=True, validate=_NAME)
    type = fields.String(required=True, validate=_TYPE)
    size = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10**12))
    sha256 = fields.String(required=True, validate=_SHA256)
    sealed = fields.Boolean(load_default=False)


class PieceQuery(Open):
    """Where a piece belongs."""

    offset = fields.Integer(required=True, validate=validate.Range(0, 10**12))


class MediaAnswer(Open):
    """How far a file has come; `offset` says where to go on."""

    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    offset = fields.Integer(required=True)
    complete = fields.Boolean(required=True)
