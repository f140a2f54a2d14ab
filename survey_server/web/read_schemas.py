"""The read API's words: what its answers look like."""

from __future__ import annotations

from marshmallow import fields

from survey_server.web.schemas import Open


class VersionView(Open):
    """A version of a form as it was published."""

    version = fields.String(required=True)
    published_at = fields.AwareDateTime(required=True)


class ReadForm(Open):
    """A form with its versions, the newest first."""

    id = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    versions = fields.List(fields.Nested(VersionView), required=True)


class FormsPage(Open):
    """The forms that a token reads."""

    programme = fields.String(required=True)
    forms = fields.List(fields.Nested(ReadForm), required=True)


class ReadWave(Open):
    """A wave with how far it is."""

    form = fields.String(required=True)
    ordinal = fields.Integer(required=True)
    name = fields.String(required=True)
    starts = fields.Date(required=True)
    ends = fields.Date(required=True)
    state = fields.String(required=True)
    received = fields.Integer(required=True)
    with_issues = fields.Integer(required=True)
    target = fields.Integer(required=True)
    sites_planned = fields.Integer(required=True)
    sites_reached = fields.Integer(required=True)


class WavesPage(Open):
    """The waves of the token's forms."""

    programme = fields.String(required=True)
    waves = fields.List(fields.Nested(ReadWave), required=True)


class ReadSite(Open):
    """A site without the design of the sample."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    country = fields.String(required=True, allow_none=True)
    department = fields.String(required=True, allow_none=True)
    municipality = fields.String(required=True, allow_none=True)
    area = fields.String(required=True, allow_none=True)
    population = fields.Float(required=True, allow_none=True)
    target = fields.Integer(required=True, allow_none=True)


class SitesPage(Open):
    """The sites of the programme."""

    programme = fields.String(required=True)
    sites = fields.List(fields.Nested(ReadSite), required=True)


class ReadSubmission(Open):
    """A submission as it now stands.

    `answers`: by question; one that isn't there was not asked, null was asked and left blank. Numbers are numbers,
    several choices and the rows of repeats are lists.
    """

    submission = fields.String(required=True)
    changed_at = fields.AwareDateTime(required=True)
    id = fields.String(required=True)
    number = fields.Integer(required=True)
    version = fields.String(required=True)
    wave = fields.String(required=True, allow_none=True)
    collected_on = fields.Date(required=True, allow_none=True)
    started = fields.AwareDateTime(required=True, allow_none=True)
    ended = fields.AwareDateTime(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)
    interviewer = fields.String(required=True, allow_none=True)
    site = fields.String(required=True, allow_none=True)
    review_state = fields.String(required=True)
    issues = fields.Integer(required=True)
    answers = fields.Dict(keys=fields.String(), required=True)


class SubmissionsPage(Open):
    """A page of submissions; `next` is the `since` of the page after it, also when there is no more for now."""

    programme = fields.String(required=True)
    form = fields.String(required=True)
    next = fields.String(required=True)
    more = fields.Boolean(required=True)
    items = fields.List(fields.Nested(ReadSubmission), required=True)
