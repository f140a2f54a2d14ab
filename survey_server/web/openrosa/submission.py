"""HEAD and POST of submissions: parts read from the socket, files on the disk, one way in, and the answer after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Response, request

from survey_server.config import Config
from survey_server.db.intake.attachments import Kept, keep_file
from survey_server.db.intake.openrosa_intake import Upload, take_in_upload, try_out
from survey_server.db.intake.receipts import Receipt
from survey_server.db.intake.sources import Source
from survey_server.db.media.pieces import Hander
from survey_server.db.models import now
from survey_server.problems import KeyNotValid, NoInterviewPart, NotOpenRosa, Problem
from survey_server.web.access import get_config, get_database, get_keyring
from survey_server.web.media import get_store
from survey_server.web.openrosa.answers import message_answer, text
from survey_server.web.openrosa.bodies import open_body
from survey_server.web.openrosa.callers import Caller, door
from survey_server.web.openrosa.parts import Part, read_parts
from survey_server.xlsform.filling.instance import UnreadableInstance
from survey_server.xlsform.received.heads import Head, read_head

FORM_PART = "xml_submission_file"
_LONGEST_WORD = 255


@dataclass
class _Sent:
    """The parts of one request."""

    xml: bytes | None = None
    files: list[Part] = field(default_factory=list)


@door("/submission", "GET", "HEAD")
def offer_submission(caller: Caller) -> Response:
    """How much a client may send at once, and where to. GET answers the same."""
    _check_version()
    response = Response(status=204)
    response.headers["Location"] = caller.url("submission")
    response.headers.remove("Content-Type")
    return response


@door("/submission", "POST", revoked=True)
def take_submission(caller: Caller) -> Response:
    """Store an interview, or more files of one that is here: 201 once everything is on the disk.

    A device that was revoked is told 403; what it still sends is kept in quarantine, for the office to look at.
    """
    _check_version()
    config = get_config()
    request.max_content_length = _longest_request(config)
    with _read(config) as sent:
        if sent.xml is None:
            raise NoInterviewPart()
        if caller.practice:
            return _practise(caller, sent.xml)
        return _store(caller, sent, sent.xml)


def _check_version() -> None:
    if request.headers.get("X-OpenRosa-Version", "").strip() != "1.0":
        raise NotOpenRosa("The header X-OpenRosa-Version: 1.0 is missing.")


def _longest_request(config: Config) -> int:
    """One file that is larger than what is told, beside the interview itself: clients send such a one alone."""
    return config.max_media_bytes + config.max_body_bytes


@contextmanager
def _read(config: Config) -> Iterator[_Sent]:
    """The parts, in any order; files that were too large for memory are gone from the disk afterwards."""
    sent = _Sent()
    longest = max(config.max_media_bytes, config.max_body_bytes)
    opened: list[Part] = []
    try:
        for part in read_parts(open_body(_longest_request(config)), request.content_type or "", longest):
            opened.append(part)
            if part.name == FORM_PART:
                sent.xml = part.content() if sent.xml is None else sent.xml
            elif part.filename:
                sent.files.append(part)
        yield sent
    finally:
        for part in opened:
            part.body.close()


def _store(caller: Caller, sent: _Sent, xml: bytes) -> Response:
    head = _head(xml)
    source = Source(caller.programme_id, "openrosa", f"device:{caller.sender.id}", caller.sender, received_at=now())
    files = [] if caller.sender.revoked else _keep(caller, head, sent.files)
    upload = Upload(xml, head, files, _client())
    hander = Hander(caller.programme_id, "openrosa", source.actor, caller.sender.id)
    receipt = take_in_upload(get_database(), get_store(), get_keyring(), source, hander, upload)
    if caller.sender.revoked:
        raise KeyNotValid()
    if receipt.problem is not None:
        raise receipt.problem
    return _accepted(caller, receipt)


def _head(xml: bytes) -> Head | None:
    try:
        return read_head(xml)
    except UnreadableInstance:
        return None  # the one way in says so too, and keeps the bytes


def _keep(caller: Caller, head: Head | None, files: Sequence[Part]) -> list[Kept]:
    """The files that the interview names, on the disk. Others are not stored, as the standard has it."""
    if head is None or not head.instance_id or not files:
        return []
    store, named = get_store(), head.values()
    return [
        keep_file(store, caller.programme_id, part.filename, part.media_type, part.body, part.size)
        for part in files
        if part.filename and part.filename in named
    ]


def _client() -> dict[str, str]:
    """What the client says of itself, without blanks and without end."""
    told = {
        "device": request.args.get("deviceID", ""),
        "agent": request.headers.get("User-Agent", ""),
        "odk_client": request.headers.get("X-ODK-Client", "") or request.args.get("odk-client", ""),
    }
    return {name: value.replace("\0", "")[:_LONGEST_WORD] for name, value in told.items() if value}


def _accepted(caller: Caller, receipt: Receipt) -> Response:
    message = text("sent", "whole" if receipt.status == 201 else "again", receipt=receipt.receipt)
    response = message_answer(message, 201, "submit_success")
    response.headers["Location"] = caller.url("submission")
    return response


def _practise(caller: Caller, xml: bytes) -> Response:
    """Read and checked as any interview; nothing is stored."""
    with get_database().reading() as session:
        judged = try_out(session, caller.programme_id, xml)
    if isinstance(judged, Problem):
        raise judged
    return message_answer(text("sent", "practice", n=judged), 201, "submit_success")
