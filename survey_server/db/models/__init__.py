"""The tables, by the words of the README: import them from here."""

from survey_server.db.models.base import Base, Instant, new_id, now, table_of
from survey_server.db.models.field import Device, Enrolment, Site, Wave, WaveSite
from survey_server.db.models.forms import DataSet, Form, FormDataSet, FormVersion
from survey_server.db.models.people import Membership, OfficeSession, Person, PersonLink, Programme
from survey_server.db.models.submissions import (
    AuditHead,
    AuditRow,
    Conflict,
    Quarantine,
    Submission,
    SubmissionIssue,
    SubmissionVersion,
)

__all__ = [
    "AuditHead",
    "AuditRow",
    "Base",
    "Conflict",
    "DataSet",
    "Device",
    "Enrolment",
    "Form",
    "FormDataSet",
    "FormVersion",
    "Instant",
    "Membership",
    "OfficeSession",
    "Person",
    "PersonLink",
    "Programme",
    "Quarantine",
    "Site",
    "Submission",
    "SubmissionIssue",
    "SubmissionVersion",
    "Wave",
    "WaveSite",
    "new_id",
    "now",
    "table_of",
]
