"""Request bodies, read within bounds: how large as sent, how large unpacked, and whether they are JSON at all."""

from __future__ import annotations

import json
import zlib
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError

from survey_server.problems import BadFields, BadRequest, BodyTooLarge
from survey_server.web.access import get_config

_GZIP = 16 + zlib.MAX_WBITS


def read_fields(schema: Schema) -> dict[str, Any]:
    """The JSON body as `schema` describes it; raises BadRequest, BodyTooLarge or BadFields."""
    try:
        fields: dict[str, Any] = schema.load(read_json())
    except ValidationError as error:
        raise BadFields(errors=error.messages) from error
    return fields


def read_json() -> Any:
    """The JSON body, plain or gzip; raises BadRequest or BodyTooLarge."""
    try:
        return json.loads(_read_body())
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body isn't JSON.") from error


def _read_body() -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise BadRequest("The body must be plain or gzip.")
    body = request.get_data(cache=False)
    return unpack(body, get_config().max_body_bytes) if encoding == "gzip" else body


def unpack(packed: bytes, limit: int) -> bytes:
    """The content of one gzip member, whole and no longer than `limit`; raises BadRequest or BodyTooLarge."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise BadRequest("The gzip body is damaged.") from error
    if len(body) > limit:
        raise BodyTooLarge()
    if not unpacker.eof:
        raise BadRequest("The gzip body breaks off.")
    if unpacker.unused_data:
        raise BadRequest("Something follows the gzip body.")
    return body
