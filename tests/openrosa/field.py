"""A form with files, its interviews, and a client that writes every byte of its requests itself, as Collect does."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from xml.etree import ElementTree

from survey_server.db.session import Database
from tests.serving import Server

FORM = """
| survey |
| | type   | name   | label::Español (es) | label::English (en) | parameters         | constraint |
| | start  | start  |                     |                     |                    |            |
| | end    | end    |                     |                     |                    |            |
| | today  | today  |                     |                     |                    |            |
| | audit  | audit  |                     |                     | track-changes=true |            |
| | text   | person | Persona             | Person              |                    |            |
| | integer| age    | Edad                | Age                 |                    | . >= 18    |
| | image  | photo  | Foto                | Photo               |                    |            |
| | audio  | sound  | Sonido              | Sound               |                    |            |
| | begin_repeat | doors | Puertas | Doors | | |
| | file   | paper  | Documento           | Document            |                    |            |
| | end_repeat | | | | | |
| settings |
| | form_title      | form_id | version | default_language |
| | Visita & puerta | visit   | {version} | Español (es)   |
"""
BOUNDARY = "----collect7f1"
OPENROSA = {"X-OpenRosa-Version": "1.0"}
SENT = "http://openrosa.org/http/response"
File = tuple[str, bytes] | tuple[str, bytes, str]


def new_id() -> str:
    return f"uuid:{uuid.uuid4()}"


def interview(
    instance_id: str,
    *,
    person: str = "Juana Pérez",
    age: str = "40",
    photo: str = "",
    sound: str = "",
    papers: Sequence[str] = (),
    audit: str = "",
    version: str = "1",
    deprecated: str = "",
    form: str = "visit",
) -> bytes:
    """A finished instance of the form."""
    doors = "".join(f"<doors><paper>{name}</paper></doors>" for name in papers)
    edited = f"<orx:deprecatedID>{deprecated}</orx:deprecatedID>" if deprecated else ""
    return (
        f'<?xml version=\'1.0\' ?><data id="{form}" version="{version}" xmlns:orx="http://openrosa.org/xforms">'
        "<start>2026-03-05T09:00:00.000-06:00</start><end>2026-03-05T09:20:00.000-06:00</end>"
        f"<today>2026-03-05</today><person>{person}</person><age>{age}</age><photo>{photo}</photo>"
        f"<sound>{sound}</sound>{doors}<orx:meta><orx:audit>{audit}</orx:audit>{edited}"
        f"<orx:instanceID>{instance_id}</orx:instanceID></orx:meta></data>"
    ).encode()


def part(name: str, content: bytes, filename: str | None = None, media_type: str = "") -> bytes:
    """One part, with the head that Collect's HTTP library writes."""
    told = f'; filename="{filename}"' if filename is not None else ""
    kind = f"Content-Type: {media_type}\r\n" if media_type else ""
    head = f'Content-Disposition: form-data; name="{name}"{told}\r\n{kind}Content-Length: {len(content)}\r\n\r\n'
    return head.encode() + content


def body_of(parts: Iterable[bytes], boundary: str = BOUNDARY) -> bytes:
    mark = f"--{boundary}\r\n".encode()
    return b"".join(mark + each + b"\r\n" for each in parts) + f"--{boundary}--\r\n".encode()


def upload(xml: bytes | None, *files: File, incomplete: bool = False) -> bytes:
    """The body of a submission as Collect makes it: the interview, and each file under its own name."""
    parts = [] if xml is None else [part("xml_submission_file", xml, "visita_2026.xml", "text/xml")]
    for file in files:
        parts.append(part(file[0], file[1], file[0], file[2] if len(file) > 2 else "image/jpeg"))
    if incomplete:
        parts.append(part("*isIncomplete*", b"yes"))
    return body_of(parts)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def message(self) -> str:
        """The words that Collect shows, read as Collect reads them."""
        root = ElementTree.fromstring(self.body)
        assert root.tag == f"{{{SENT}}}OpenRosaResponse"
        found = root.find(f"{{{SENT}}}message")
        assert found is not None and found.text
        return found.text

    @property
    def nature(self) -> str:
        found = ElementTree.fromstring(self.body).find(f"{{{SENT}}}message")
        assert found is not None
        return found.get("nature", "")

    def text(self) -> str:
        return self.body.decode()


@dataclass
class Collect:
    """One device, and the server that it talks to."""

    server: Server
    database: Database
    programme_id: int
    code: str
    key: str
    device_id: int
    language: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/v1/key/{self.key}/projects/{self.code}"

    def ask(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own; `path` is absolute."""
        told = {"User-Agent": "org.odk.collect.android/v2026.1.0 Dalvik/2.1.0"} | self.headers | (headers or {})
        if self.language:
            told["Accept-Language"] = self.language
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        with closing(connection):
            connection.request(method, path, body, told, encode_chunked=not isinstance(body, (bytes, type(None))))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", f"{self.path}{path}", headers=OPENROSA | headers)

    def post(self, body: bytes, *, query: str = "?deviceID=collect%3Aabc", **headers: str) -> Answer:
        """Post a multipart body."""
        told = OPENROSA | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} | headers
        return self.ask("POST", f"{self.path}/submission{query}", body, told)

    def send(self, xml: bytes | None, *files: File, incomplete: bool = False) -> Answer:
        return self.post(upload(xml, *files, incomplete=incomplete))
