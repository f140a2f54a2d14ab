"""The tables, by the words of the README: import them from here."""

from survey_server.db.models.base import Base, Instant, new_id, now, table_of
from survey_server.db.models.entities import Entity, EntityList, EntityVersion, Erased, FormKey, HeldChange
from survey_server.db.models.field import Device, Enrolment, Site, Wave, WaveSite
from survey_server.db.models.forms import DataSet, Form, FormDataSet, FormVersion
from survey_server.db.models.keys import OfficeKey, PhoneAlarm, PhoneLock, Sealed, SealingKey, WaveKey
from survey_server.db.models.media import Media
from survey_server.db.models.outward import ApiToken, Job, Webhook, WebhookDelivery
from survey_server.db.models.people import (
    LoginAttempt,
    Membership,
    OfficeSession,
    Person,
    PersonLink,
    Programme,
    RecoveryCode,
)
from survey_server.db.models.results import Decision, DecisionSignature, IndicatorRevision, MadeReport
from survey_server.db.models.review import ItemDecision, SubmissionNote, SubmissionText
from survey_server.db.models.submissions import (
    AuditHead,
    AuditRow,
    Conflict,
    Quarantine,
    Submission,
    SubmissionIssue,
    SubmissionVersion,
    is_current_version,
)
from survey_server.db.models.work import (
    Assignment,
    Dwelling,
    Incident,
    Sample,
    SampleUnit,
    StopWork,
    Team,
    WavePaper,
)

__all__ = [
    "ApiToken",
    "Assignment",
    "AuditHead",
    "AuditRow",
    "Base",
    "Conflict",
    "DataSet",
    "Decision",
    "DecisionSignature",
    "Device",
    "Dwelling",
    "Enrolment",
    "Entity",
    "EntityList",
    "EntityVersion",
    "Erased",
    "Form",
    "FormDataSet",
    "FormKey",
    "FormVersion",
    "HeldChange",
    "Incident",
    "IndicatorRevision",
    "Instant",
    "ItemDecision",
    "Job",
    "LoginAttempt",
    "MadeReport",
    "Media",
    "Membership",
    "OfficeKey",
    "OfficeSession",
    "Person",
    "PersonLink",
    "PhoneAlarm",
    "PhoneLock",
    "Programme",
    "Quarantine",
    "RecoveryCode",
    "Sample",
    "SampleUnit",
    "Sealed",
    "SealingKey",
    "Site",
    "StopWork",
    "Submission",
    "SubmissionIssue",
    "SubmissionNote",
    "SubmissionText",
    "SubmissionVersion",
    "Team",
    "Wave",
    "WaveKey",
    "WavePaper",
    "WaveSite",
    "Webhook",
    "WebhookDelivery",
    "is_current_version",
    "new_id",
    "now",
    "table_of",
]
