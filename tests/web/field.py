"""A small form, its interviews, and a phone that sends them."""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

DESIGN = """
| design |
| | role        | source   | field    | note |
| | psu         | question | psu      |      |
| | interviewer | question | username |      |
| | stratum     | site     | stratum  |      |
| | arm         | site     | arm      |      |
| | weight      | site     | weight   |      |
"""
"""What the small forms of the tests say of their sample: the sheet that a form's text ends with."""

FORM = (
    """
| survey |
| | type          | name     | label::Español (es) | label::English (en) | required | constraint | calculation |
| | start         | start    |                     |                     |          |            |             |
| | end           | end      |                     |                     |          |            |             |
| | today         | today    |                     |                     |          |            |             |
| | username      | username |                     |                     |          |            |             |
| | text          | psu      | Punto               | Point               | yes      |            |             |
| | integer       | age      | Edad                | Age                 | yes      | . >= 18    |             |
| | select_one yn | safe     | ¿Se siente seguro?  | Do you feel safe?   | yes      |            |             |
| | calculate     | double   |                     |                     |          |            | ${age} * 2  |
| | text          | remark   | Comentario          | Remark              |          |            |             |
| choices |
| | list_name | name | label::Español (es) | label::English (en) |
| | yn        | 1    | Sí                  | Yes                 |
| | yn        | 0    | No                  | No                  |
| settings |
| | form_title | form_id | version | default_language |
| | Mini       | mini    | 1       | Español (es)     |"""
    + DESIGN
)

FORM_WITH_DATA = """
| survey |
| | type                          | name | label::Español (es) | calculation                            |
| | select_one_from_file psus.csv | psu  | Punto               |                                        |
| | calculate                     | area |                     | pulldata('psus','area','name',${psu}) |
| settings |
| | form_title | form_id | version | default_language |
| | Sitios     | sited   | 1       | Español (es)     |
"""

PSUS = b"name,label,area\nA,Aldea A,1\nB,Aldea B,2\n"


def interview(
    instance_id: str,
    *,
    today: str = "2026-03-05",
    psu: str = "A",
    age: str = "40",
    version: str = "1",
    remark: str = "",
) -> str:
    """A finished instance of the small form."""
    double = str(2 * int(age)) if age.isdigit() else ""
    return (
        f'<data id="mini" version="{version}"><start>{today}T09:00:00.000-06:00</start>'
        f"<end>{today}T09:20:00.000-06:00</end><today>{today}</today><username>EN001</username><psu>{psu}</psu>"
        f"<age>{age}</age><safe>1</safe><double>{double}</double><remark>{remark}</remark>"
        f"<meta><instanceID>{instance_id}</instanceID></meta></data>"
    )


def new_instance_id() -> str:
    return f"uuid:{uuid.uuid4()}"


def item(xml: str, instance_id: str, **claims: Any) -> dict[str, Any]:
    """An item of a batch, as a phone sends it."""
    digest = hashlib.sha256(xml.encode("utf-8", "surrogatepass")).hexdigest()
    told = {"id": instance_id, "form": "mini", "version": "1", "finished_at": "2026-03-05T15:20:00Z"}
    return {**told, "sha256": digest, "xml": xml, **claims}


def new_item(**answers: str) -> dict[str, Any]:
    instance_id = new_instance_id()
    return item(interview(instance_id, **answers), instance_id)


@dataclass
class Phone:
    """A device of the programme and its requests."""

    app: Flask
    token: str
    device_id: int
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.app.test_client().get(path, headers=self.authorization | headers)

    def post(self, body: bytes, **headers: str) -> TestResponse:
        return self.app.test_client().post("/api/v1/sync", data=body, headers=self.authorization | headers)

    def send(self, *items: Any, packed: bool = False, device: Mapping[str, Any] | None = None) -> TestResponse:
        body = json.dumps({"protocol": 1, "device": device or {}, "submissions": items}).encode()
        return self.post(gzip.compress(body), **{"Content-Encoding": "gzip"}) if packed else self.post(body)

    def receipts(self, *items: Any) -> list[dict[str, Any]]:
        answer = self.send(*items)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.get_json()["receipts"]
        return found
