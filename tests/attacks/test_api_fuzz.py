"""The API by its own OpenAPI document: what fits it and what doesn't, in every operation, on both databases.

Whatever is sent, the answer is one that the document has, of the type and shape it says, and never a fault of ours.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.attacks.camps import Camp, Fortress

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = 12
bounded = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", GenerationMode)
def test_it_answers_everything_as_its_document_says(besieged: Fortress, mode: GenerationMode) -> None:
    camp = besieged.camps["sur"]
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", besieged.app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= OPERATIONS
    for operation in operations:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fuzz(operation, mode, camp)


def fuzz(operation: Any, mode: GenerationMode, camp: Camp) -> None:
    """Call one operation with whatever fits, or doesn't fit, what the document says of it."""
    token = camp.api_token if "/programmes/" in operation.path else camp.token
    known = {"code": "sur", "form_id": "mini"} | {name: camp.ids[name][0] for name in ("sha256", "part")}

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = known[name] if len(str(case.path_parameters[name])) % 2 else "0"
        answer = case.call(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.json()["detail"], "it says what to do"

    send()
