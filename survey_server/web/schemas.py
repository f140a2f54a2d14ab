"""The API's words: what requests must look like and what answers do. `/api/v1/openapi.json` is made from these."""

from __future__ import annotations

from typing import ClassVar

from marshmallow import EXCLUDE, Schema, fields, validate

MOST_AT_ONCE = 500
_SHA256 = validate.Regexp(r"^[0-9a-f]{64}\Z", error="64 hexadecimal digits")
_PLAIN = validate.Regexp(r"^[^\x00-\x1f\ud800-\udfff]*\Z", error="no control characters, no half characters")
_SHORT = validate.Length(max=255)


class Open(Schema):
    """Unknown fields are left aside, so that a newer phone can talk to an older server."""

    class Meta:
        unknown: ClassVar[str] = EXCLUDE


class EnrolRequest(Open):
    """A one-time code."""

    code = fields.String(required=True, validate=[validate.Length(1, 200), _PLAIN])


class ProgrammeView(Open):
    """The programme as a phone knows it."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    languages = fields.List(fields.String(), required=True)
    demo = fields.Boolean(required=True)
    max_media_bytes = fields.Integer(required=True)


class DeviceView(Open):
    """The device as it is told about itself."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    interviewer = fields.String(required=True)


class LockView(Open):
    """What opens the phone ("pin", "passphrase", "prf"), when it locks, after how many wrong tries it forgets."""

    level = fields.String(required=True)
    lock_after = fields.Integer(required=True)
    lock_on_hide = fields.Boolean(required=True)
    wipe_after = fields.Integer(required=True)
    empty_pin = fields.Boolean(required=True)


class OfficeKeyView(Open):
    """The public half of a key on P-256; `kid` is its RFC 7638 thumbprint."""

    kid = fields.String(required=True)
    x = fields.String(required=True)
    y = fields.String(required=True)


class SealingKeyView(OfficeKeyView):
    """A key to seal to, with statements (JWS, ES256) of office keys that it is one of theirs."""

    statements = fields.List(fields.String(), required=True)


class KeysView(Open):
    """Whom to seal to: by wave id, and for interviews without a wave."""

    office = fields.Nested(OfficeKeyView, required=True, allow_none=True)
    keys = fields.List(fields.Nested(SealingKeyView), required=True)
    waves = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    default = fields.String(required=True, allow_none=True)


class EnrolAnswer(Open):
    """The token is told only here; the server keeps its digest."""

    token = fields.String(required=True)
    device = fields.Nested(DeviceView, required=True)
    programme = fields.Nested(ProgrammeView, required=True)
    lock = fields.Nested(LockView, required=True)


class DataSetView(Open):
    """A file that belongs to a form; `sha256` is of the very bytes at `url`."""

    filename = fields.String(required=True)
    sha256 = fields.String(required=True)
    url = fields.String(required=True)


class WaveView(Open):
    """The wave in which the form is to be filled now."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    ordinal = fields.Integer(required=True)
    starts = fields.Date(required=True)
    ends = fields.Date(required=True)


class FormInOneLanguage(Open):
    """The form with the texts of one language, the one of `Accept-Language`; `sha256` is of the very bytes at `url`."""

    language = fields.String(required=True)
    sha256 = fields.String(required=True)
    url = fields.String(required=True)


class FormView(Open):
    """A form to fill; `hash` is the SHA-256 of the very bytes at `url`. `first` is null for a form of one language."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    hash = fields.String(required=True)
    url = fields.String(required=True)
    first = fields.Nested(FormInOneLanguage, required=True, allow_none=True)
    datasets = fields.List(fields.Nested(DataSetView), required=True)
    media = fields.List(fields.Nested(DataSetView), required=True)
    wave = fields.Nested(WaveView, required=True, allow_none=True)


class PlaceView(Open):
    """A site as its team knows it: no arm, stratum, weight, probability or position."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    country = fields.String(allow_none=True)
    department = fields.String(allow_none=True)
    department_name = fields.String(allow_none=True)
    municipality = fields.String(allow_none=True)


class AssignmentView(Open):
    """A site of today or tomorrow, with what the team has brought from it and the dwellings to visit."""

    id = fields.String(required=True)
    form = fields.String(required=True)
    wave = fields.Dict(keys=fields.String(), required=True)
    site = fields.Nested(PlaceView, required=True)
    starts = fields.Date(required=True)
    ends = fields.Date(required=True)
    target = fields.Integer(required=True, allow_none=True)
    received = fields.Integer(required=True)
    dwellings = fields.List(fields.Integer(), required=True)
    visit = fields.Dict(keys=fields.String(), required=True)
    policies = fields.Dict(keys=fields.String(), required=True)
    stopped = fields.Boolean(required=True)


class StopView(Open):
    """An area where nobody works until the stop is lifted: no interview begins at its sites."""

    id = fields.String(required=True)
    level = fields.String(required=True)
    area = fields.String(required=True)
    message = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    sites = fields.List(fields.String(), required=True)


class PhoneAnswer(Open):
    """Everything that a phone has to know before it goes to the field."""

    programme = fields.Nested(ProgrammeView, required=True)
    device = fields.Nested(DeviceView, required=True)
    forms = fields.List(fields.Nested(FormView), required=True)
    keys = fields.Nested(KeysView, required=True)
    lock = fields.Nested(LockView, required=True)
    assignments = fields.List(fields.Nested(AssignmentView), required=True)
    stop_work = fields.List(fields.Nested(StopView), required=True)
    policies = fields.Dict(keys=fields.String(), required=True)
    referral = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    server_time = fields.AwareDateTime(required=True)
    app = fields.String(required=True, metadata={"description": "The version of the app that this server serves."})


class DeviceReport(Open):
    """What a phone says about itself; a field that can't be read is left aside."""

    app_version = fields.String(allow_none=True, validate=[_SHORT, _PLAIN])
    queue = fields.Integer(allow_none=True, strict=True, validate=validate.Range(0, 10**9))
    clock = fields.AwareDateTime(allow_none=True)
    emergency = fields.AwareDateTime(allow_none=True)
    storage = fields.Dict(keys=fields.String(), allow_none=True)


class SubmissionItem(Open):
    """A finished instance: its XML, or the envelope it is sealed in, with the SHA-256 of these bytes in UTF-8."""

    id = fields.String(required=True, validate=[validate.Length(1, 249), _PLAIN])
    form = fields.String(required=True, validate=_SHORT)
    version = fields.String(required=True, validate=_SHORT)
    wave = fields.String(allow_none=True, validate=_SHORT)
    finished_at = fields.String(allow_none=True, validate=_SHORT)
    sha256 = fields.String(required=True, validate=_SHA256)
    xml = fields.String()
    sealed = fields.String()


class SyncRequest(Open):
    """A batch from one phone. An item that isn't as it should be is refused alone and kept; the others pass."""

    protocol = fields.Integer(required=True)
    device = fields.Dict(load_default=dict)
    submissions = fields.List(fields.Raw(allow_none=True), required=True, validate=validate.Length(max=MOST_AT_ONCE))


class ProblemDocument(Open):
    """RFC 9457."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)


class ReceiptView(Open):
    """The answer for one item, after the commit.

    201 stored, 200 stored before with the same bytes, 409 other bytes under the same id (both are kept),
    422 kept in quarantine.
    """

    id = fields.String(required=True)
    sha256 = fields.String(required=True)
    status = fields.Integer(required=True)
    receipt = fields.String(required=True)
    issues = fields.Integer(required=True)
    problem = fields.Nested(ProblemDocument)


class SyncAnswer(Open):
    """One receipt per item, in their order."""

    server_time = fields.AwareDateTime(required=True)
    receipts = fields.List(fields.Nested(ReceiptView), required=True)
