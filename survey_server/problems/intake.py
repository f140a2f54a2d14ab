"""Interviews and their files on the way in, from phones and from ODK clients alike."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class BadToken(Problem):
    """The request carries no token of a device, or one that was never given out. Enrol the phone again."""

    status = 401
    title = "This phone isn't enrolled"


class DeviceRevoked(Problem):
    """The device was revoked: it downloads nothing any more; what it still sends is kept. Speak to the coordinator."""

    status = 403
    title = "This phone was taken out of service"


class CodeUsed(Problem):
    """An enrolment code is unknown, used or expired; each works once. Ask the coordinator for a new one."""

    status = 410
    title = "This enrolment code doesn't work any more"


class OldApp(Problem):
    """A phone speaks a protocol that this server no longer or not yet knows. It keeps everything and updates itself."""

    status = 426
    title = "The app has to be updated"


class DigestMismatch(Problem):
    """The bytes of an interview aren't those whose digest came with it. They are kept; send it again."""

    status = 422
    title = "The interview was damaged on the way"


class FormNotHere(Problem):
    """An interview names a form that the programme doesn't have. Its bytes are kept; publish the form, then replay."""

    status = 422
    title = "This form isn't known here"


class SealedWithoutKey(Problem):
    """A sealed interview came, and the server holds no key that opens it. Its bytes are kept for who does."""

    status = 422
    title = "The server has no key for this sealed interview"


class SubmissionConflict(Problem):
    """Another interview has this id already, with other content. Both are kept; the office decides between them."""

    status = 409
    title = "Another interview has this id"


class QuarantinedFromRevoked(Problem):
    """A revoked device still sent interviews. They are kept apart until the office has looked at them."""

    status = 201
    title = "Kept apart: the phone was taken out of service"


class CheckFailed(Problem):
    """A mistake in the program came up while an interview was checked. Its bytes are kept; replay after an update."""

    status = 422
    title = "The server could not check this interview"


class StaleEdit(Problem):
    """Another edit of the same interview came first, or its wave is locked: both are kept, the office decides."""

    status = 409
    title = "This interview was changed meanwhile"


class UnknownEdited(Problem):
    """An edit of an interview that this server hasn't got. It waits in quarantine and can be tried again."""

    status = 404
    title = "The interview that was edited is not here"


class WasErased(Problem):
    """An interview that was erased here was sent again. Nothing was kept; delete it on the device."""

    status = 409
    title = "This interview was erased"


class NotAnOutbox(Problem):
    """A file isn't one that a phone saved from its outbox, or of a newer app. Choose the phone's `encuesta-….json`."""

    status = 422
    title = "Not a phone's file"


class UnknownMedia(Problem):
    """The interview has no such file, or it isn't whole yet. Look at the list on the interview's page."""

    status = 404
    title = "This file isn't here"


class MediaNotAnnounced(Problem):
    """Bytes came for a file that nobody announced. Announce it with POST /api/v1/media, then go on."""

    status = 404
    title = "Nobody announced this file"


class MediaTooLarge(Problem):
    """A photo, sound or file is larger than SURVEY_MAX_MEDIA_MB. Raise the setting, or record less."""

    status = 413
    title = "The file is too large"


class MediaDigestWrong(Problem):
    """A file is whole but not what was announced; what came was dropped. Send it again from the beginning."""

    status = 422
    title = "What arrived isn't what was announced"


class MediaDiskFull(Problem):
    """The disk for media is full, up to SURVEY_MEDIA_RESERVE_MB kept for interviews. Make room; phones try again."""

    status = 507
    title = "There is no room for files now"


class TooManyMedia(Problem):
    """An interview has more files than any form could ask for. Look at the phone that sends them."""

    status = 422
    title = "Too many files for one interview"
