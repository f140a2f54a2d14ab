"""GET /api/v1/openapi.json: the API described by the schemas and docstrings that it is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response, current_app
from marshmallow import Schema

from survey_server import __version__
from survey_server.web.media_schemas import MediaAnswer, MediaItem
from survey_server.web.read_schemas import FormsPage, SitesPage, SubmissionsPage, WavesPage
from survey_server.web.schemas import (
    EnrolAnswer,
    EnrolRequest,
    PhoneAnswer,
    ProblemDocument,
    SubmissionItem,
    SyncAnswer,
    SyncRequest,
)

openapi = Blueprint("openapi", __name__, url_prefix="/api/v1")


@dataclass(frozen=True)
class Operation:
    """What the document says of one route, besides its docstring."""

    endpoint: str
    answer: type[Schema] | str
    body: type[Schema] | str | None = None
    status: int = 200
    problems: tuple[int, ...] = ()
    open_to_all: bool = False
    query: tuple[str, ...] = ()
    optional: tuple[tuple[str, str], ...] = ()
    """Query parameters that may be left away, with their types."""
    by: str = "device"
    """Whose token it takes: a device's or one of the read API."""


OPERATIONS = (
    Operation("enrol.enrol_phone", EnrolAnswer, EnrolRequest, 201, (400, 410, 413, 422, 503), open_to_all=True),
    Operation("field_forms.get_phone", PhoneAnswer, None, 200, (401, 403, 503)),
    Operation("field_forms.get_form_document", "application/json", None, 200, (401, 403, 404, 503)),
    Operation("field_forms.get_form_part", "application/json", None, 200, (401, 403, 404, 503)),
    Operation("field_forms.get_data_set_content", "text/csv", None, 200, (401, 403, 404, 503)),
    Operation("sync.sync_submissions", SyncAnswer, SyncRequest, 200, (400, 401, 413, 422, 426, 503)),
    Operation("media.announce_media", MediaAnswer, MediaItem, 200, (400, 401, 413, 422, 503, 507)),
    Operation(
        "media.take_piece",
        MediaAnswer,
        "application/octet-stream",
        200,
        (400, 401, 404, 413, 422, 503, 507),
        query=("offset",),
    ),
    Operation("media.get_form_file", "application/octet-stream", None, 200, (401, 403, 404, 503)),
    Operation("read_api.list_api_forms", FormsPage, None, 200, (401, 503), by="reader"),
    Operation("read_api.list_api_waves", WavesPage, None, 200, (401, 503), by="reader"),
    Operation("read_api.list_api_sites", SitesPage, None, 200, (401, 503), by="reader"),
    Operation(
        "read_api.list_api_submissions",
        SubmissionsPage,
        None,
        200,
        (400, 401, 404, 503),
        optional=(("since", "string"), ("limit", "integer")),
        by="reader",
    ),
    Operation("openapi.get_openapi", "application/json", open_to_all=True),
)


@openapi.get("/openapi.json")
def get_openapi() -> Response:
    """This document."""
    document = _document(_served())
    return Response(document, content_type="application/json", headers={"Cache-Control": "public, max-age=300"})


def _served() -> tuple[Operation, ...]:
    """Those of this application: one of the field face alone has no read API."""
    return tuple(operation for operation in OPERATIONS if operation.endpoint in current_app.view_functions)


@cache
def _document(operations: tuple[Operation, ...]) -> str:
    return json.dumps(describe_api(operations), ensure_ascii=False, indent=1)


def describe_api(operations: tuple[Operation, ...] = OPERATIONS) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes."""
    spec = APISpec("survey-server", __version__, "3.1.0", plugins=[MarshmallowPlugin()])
    for name in ("device", "reader"):
        spec.components.security_scheme(name, {"type": "http", "scheme": "bearer"})
    spec.components.schema("SubmissionItem", schema=SubmissionItem)
    spec.components.schema("Problem", schema=ProblemDocument)
    rules = {rule.endpoint: rule for rule in current_app.url_map.iter_rules()}
    for operation in operations:
        rule = rules[operation.endpoint]
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"})).lower()
        path = rule.rule.replace("<", "{").replace(">", "}")
        spec.path(path=path, operations={method: _describe(operation, sorted(rule.arguments))})
    document: dict[str, Any] = spec.to_dict()
    items = document["components"]["schemas"]["SyncRequest"]["properties"]["submissions"]
    items["items"] = {"$ref": "#/components/schemas/SubmissionItem"}
    return document


def _describe(operation: Operation, arguments: list[str]) -> dict[str, Any]:
    text = (current_app.view_functions[operation.endpoint].__doc__ or "").strip()
    summary, _, description = text.partition("\n\n")
    is_schema = not isinstance(operation.answer, str)
    media_type = "application/json" if is_schema else operation.answer
    schema = operation.answer if is_schema else {"type": "object" if media_type == "application/json" else "string"}
    described: dict[str, Any] = {
        "operationId": operation.endpoint.rpartition(".")[2],
        "summary": summary,
        "description": " ".join(description.split()),
        "security": [] if operation.open_to_all else [{operation.by: []}],
        "responses": {str(operation.status): {"description": summary, "content": {media_type: {"schema": schema}}}},
    }
    for status in operation.problems:
        content = {"application/problem+json": {"schema": "Problem"}}
        described["responses"][str(status)] = {"description": "A problem document", "content": content}
    if arguments:
        string = {"type": "string"}
        described["parameters"] = [{"name": n, "in": "path", "required": True, "schema": string} for n in arguments]
    for name in operation.query:
        number = {"type": "integer", "minimum": 0}
        described.setdefault("parameters", []).append({"name": name, "in": "query", "required": True, "schema": number})
    for name, kind in operation.optional:
        about = {"name": name, "in": "query", "required": False, "schema": {"type": kind}}
        described.setdefault("parameters", []).append(about)
    if isinstance(operation.body, str):
        described["requestBody"] = {"required": True, "content": {operation.body: {"schema": {"type": "string"}}}}
    elif operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    return described
