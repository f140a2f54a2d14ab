"""The one catalogue of what can go wrong: raised anywhere, answered in one place (web/errors.py, cli)."""

from __future__ import annotations

from typing import Any, ClassVar


class Problem(Exception):
    """Something the user has to know: what, where and what to do (RFC 9457 problem details)."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on the server"

    def __init__(self, detail: str = "", **extras: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extras = extras

    @property
    def code(self) -> str:
        """The name that a program can compare, in kebab case: `BadToken` -> `bad-token`."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))

    def to_document(self) -> dict[str, Any]:
        """The problem as an RFC 9457 document."""
        return {
            "type": f"urn:survey-server:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extras,
        }


class BadSetting(Problem):
    """A setting in the environment can't be used. Correct the variable that is named and start again."""

    title = "A setting can't be used"


class UnreadableTable(Problem):
    """A file to import isn't the table that its name says. Save it again as CSV UTF-8, .xlsx or .sav."""

    status = 422
    title = "The file can't be read as a table"


class BadMapping(Problem):
    """The mapping of an import names a column or a question that doesn't exist. Correct the line that is named."""

    status = 422
    title = "The mapping doesn't fit"


class DatabaseBusy(Problem):
    """Another writer held the database too long. Nothing was stored; send it again in a moment."""

    status = 503
    title = "The server is busy; try again in a moment"


class DatabaseFull(Problem):
    """The disk of the server is full or fails. Nothing was stored; make room on it, phones keep their interviews."""

    status = 503
    title = "The server's disk is full"


class DatabaseReadOnly(Problem):
    """The database can't be written. Nothing was stored; let the server's user write the file and its folder."""

    status = 503
    title = "The server can't write its database"


class DatabaseGone(Problem):
    """The database can't be reached or isn't one. Nothing was stored; start it or correct SURVEY_DATABASE_URL."""

    status = 503
    title = "The server can't reach its database"


class DatabaseNotPrepared(Problem):
    """The database has no tables, or those of another version. `survey-server run` or `serve` prepares it."""

    status = 503
    title = "The database isn't prepared"

    def __init__(self) -> None:
        super().__init__("Start the server once (survey-server run, or serve), then try again.")


class BadDesign(Problem):
    """A sampling design can't be used (lengths differ, a stratum or PSU is missing, an impossible finite population).

    Correct the site table or the `design` sheet where the detail says.
    """

    status = 422
    title = "The sampling design can't be used"


class BadWeight(Problem):
    """Weights are zero, negative, missing or infinite. Correct them in the site table; they are never repaired."""

    status = 422
    title = "Some weights can't be used"


class PsuInTwoStrata(Problem):
    """A PSU lies in more than one stratum. Correct its stratum in the site table."""

    status = 422
    title = "A PSU lies in two strata"


class LonelyPsu(Problem):
    """A stratum has a single PSU and the survey's rule is to refuse that. Merge strata or choose another rule."""

    status = 422
    title = "A stratum has only one PSU"


class EmptyDomain(Problem):
    """Nobody in the sample is in a domain, or all its answers are missing. Leave it out or merge it with another."""

    status = 422
    title = "There is nothing to estimate"


class TooManyCategories(Problem):
    """A breakdown or question has more categories than a table can show. Group them first."""

    status = 422
    title = "Too many categories"


class MarginMismatch(Problem):
    """Population margins don't fit the sample (a category without a total or without cases, unequal grand totals)."""

    status = 422
    title = "The population margins don't fit the sample"


class BadEstimate(Problem):
    """An estimate was asked for that can't be made (lengths differ, a share of something other than 0 and 1, ...)."""

    status = 422
    title = "The estimate can't be made"


class WrongLogin(Problem):
    """The login or the password isn't right. Type both again, or ask the administrator for a new link."""

    status = 403
    title = "Not signed in"


class TooManyAttempts(Problem):
    """Too many wrong passwords came from one network address. Wait for the time that the answer names."""

    status = 429
    title = "Too many attempts"


class WeakPassword(Problem):
    """The password is too easy to guess. Choose a longer one."""

    status = 422
    title = "The password is too weak"


class LoginTaken(Problem):
    """Somebody already signs in by that name. Choose another."""

    status = 409
    title = "The login is taken"


class PersonNotFound(Problem):
    """There is no such person. Look for the name in the list of people."""

    status = 404
    title = "No such person"


class LinkExpired(Problem):
    """A one-time link was used already or is too old. Ask for a new one."""

    status = 410
    title = "The link no longer works"


class NotAllowed(Problem):
    """The person's roles don't allow this. Somebody who runs the programme can give the role that does."""

    status = 403
    title = "Not allowed"


class FormExpired(Problem):
    """A page's form was sent without its proof, or after a new login. Open the page again and repeat."""

    status = 403
    title = "The page is out of date"


class NotThere(Problem):
    """The address names a programme, wave or submission that doesn't exist, or that isn't the reader's to see."""

    status = 404
    title = "Not found"


class UnknownReportLanguage(Problem):
    """A report was asked for in a language that has no texts. Choose one of those that are named."""

    status = 422
    title = "There are no report texts in this language"


class NothingToReport(Problem):
    """The waves hold no submission that counts (none arrived, or nobody agreed). Check the waves and the sync."""

    status = 422
    title = "There is nothing to report"


class UnfitCode(Problem):
    """A code can't name what it should name. Write it as the detail says."""

    status = 422
    title = "This code can't be used"


class CodeTaken(Problem):
    """The code names something else already. Choose another."""

    status = 409
    title = "This code is taken"


class UnknownProgramme(Problem):
    """There is no programme with this code. See `survey-server programme list`."""

    status = 404
    title = "There is no such programme"


class UnknownForm(Problem):
    """The programme has no form with this id or hash. Publish it, or correct the id."""

    status = 404
    title = "There is no such form"


class UnknownDataSet(Problem):
    """No form of the programme carries a data set with this digest. Let the phone fetch its list again."""

    status = 404
    title = "There is no such data set"


class UnknownWave(Problem):
    """The form has no wave with this name or number. See `survey-server wave list`."""

    status = 404
    title = "There is no such wave"


class UnfitWave(Problem):
    """A wave can't be so: its dates, name, number or state clash. Correct what the detail names."""

    status = 422
    title = "The wave can't be so"


class UnknownSite(Problem):
    """The programme has no site with this code. Add it to the site table, or correct the code."""

    status = 404
    title = "There is no such site"


class UnknownDevice(Problem):
    """The programme has no such device."""

    status = 404
    title = "There is no such device"


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


class BadRequest(Problem):
    """The request can't be understood: its body is damaged or isn't what the API says. Correct the client."""

    status = 400
    title = "The request can't be understood"


class BadFields(Problem):
    """The body is JSON but its fields aren't what the API says; `errors` names each. Correct the client."""

    status = 422
    title = "Some fields aren't as they should be"


class BodyTooLarge(Problem):
    """The body is larger than SURVEY_MAX_BODY_MB, as sent or when unpacked. Send fewer interviews at once."""

    status = 413
    title = "Too much at once"


class PageNotHere(Problem):
    """There is nothing at this address."""

    status = 404
    title = "There is nothing at this address"


class MethodNotHere(Problem):
    """The address exists but doesn't take this method."""

    status = 405
    title = "This can't be done at this address"


class ServerFault(Problem):
    """A mistake in the program. Nothing was stored; the log of the server says where it happened."""

    status = 500
    title = "Something went wrong on the server"


class NotQuarantined(Problem):
    """The programme's quarantine holds nothing under this number."""

    status = 404
    title = "There is nothing under this number in quarantine"


class VersionNotRaised(Problem):
    """The content of a form changed and its version didn't. Raise `version` on the settings sheet, then publish."""

    status = 409
    title = "The form changed and its version didn't"


class DataSetMissing(Problem):
    """A form reads a file that wasn't given. Publish it with --data FILE."""

    status = 422
    title = "The form reads a file that isn't there"


class DataSetTellsTooMuch(Problem):
    """A data set for phones has a column that only the office may know (stratum, arm, weight). Take it out."""

    status = 422
    title = "A phone may not know this column"


class UnfitSites(Problem):
    """Rows of a site table can't be used: each is named with column, value and cure. Nothing was changed."""

    status = 422
    title = "The site table has faults"


class CheckFailed(Problem):
    """A mistake in the program came up while an interview was checked. Its bytes are kept; replay after an update."""

    status = 422
    title = "The server could not check this interview"


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


class EditedMeanwhile(Problem):
    """Two people changed the same thing. The second is told, nothing is overwritten; look at it again and repeat."""

    status = 409
    title = "Somebody else changed it meanwhile"


class UnfitAssignment(Problem):
    """A team can't be sent there as asked (dates, risk tier, a site outside the wave). Correct what is named."""

    status = 422
    title = "The assignment can't be made"


class UnfitRelease(Problem):
    """A reserve can't be released: none is left, no reason was given, or what it replaces isn't there."""

    status = 422
    title = "Nothing can be released"


class WaveNotReady(Problem):
    """A wave can't open yet: `missing` names what isn't in place. Add it, or open it all the same with a reason."""

    status = 422
    title = "The wave isn't ready to open"


class UnfitStop(Problem):
    """A stop of work names no area or no message. Fill both in."""

    status = 422
    title = "The stop needs an area and a message"


class BrokenSeal(Problem):
    """A sealed interview or file isn't whole: some of it was changed or lost. Its bytes are kept in quarantine."""

    status = 422
    title = "The seal is damaged"


class ForeignSeal(Problem):
    """It was sealed with a key that this programme doesn't have. Its bytes are kept; look for the key's owner."""

    status = 422
    title = "It is sealed with a key that isn't this programme's"


class SealTellsOtherwise(Problem):
    """What is written on the seal isn't what it was handed over as. Its bytes are kept in quarantine."""

    status = 422
    title = "The seal says another interview, form or wave than its sender"


class KeyUnusable(Problem):
    """The server's secret (SURVEY_SECRET_KEY) isn't the one that its private keys were wrapped under. Put it back."""

    status = 503
    title = "The server can't use its keys; interviews stay on the phones until it can"


class NotAKeyFile(Problem):
    """A file or text isn't the key that was asked for. Make one with `survey-server key make`."""

    status = 422
    title = "That isn't a key file"


class WrongPassphrase(Problem):
    """The passphrase doesn't open the key file. Without it nobody opens what was sealed to it."""

    status = 422
    title = "The passphrase is wrong"


class UnfitKey(Problem):
    """A key can't be registered there: it is another programme's, or not vouched for. The message says which."""

    status = 422
    title = "The key can't be registered"


class UnfitPlan(Problem):
    """A programme's plan has something that a plan can't have. The message names it and what would fit."""

    status = 422
    title = "The plan can't be used"


class UnfitPolicy(Problem):
    """How phones lock can't be set like that. The message names the value and its bounds."""

    status = 422
    title = "Phones can't be locked like that"


class BadInput(Problem):
    """Something typed into a form can't be read (a number, a day), or is blank and may not be. Correct that field."""

    status = 422
    title = "A field can't be read"


class ExportTooLarge(Problem):
    """An export has more rows or columns than its format can hold. Choose CSV or Parquet, or one wave alone."""

    status = 422
    title = "Too large for this format"


class ExportIncomplete(Problem):
    """An export would not hold exactly the submissions that are stored. Nothing was written; tell the developers."""

    status = 500
    title = "The export is not complete"


class NothingToExport(Problem):
    """There is no submission in what was to be exported. Choose another form or wave."""

    status = 422
    title = "Nothing to export"


class NotAnOutbox(Problem):
    """A file isn't one that a phone saved from its outbox, or of a newer app. Choose the phone's `encuesta-….json`."""

    status = 422
    title = "Not a phone's file"


class OldApp(Problem):
    """A phone speaks a protocol that this server no longer or not yet knows. It keeps everything and updates itself."""

    status = 426
    title = "The app has to be updated"


class UnknownEdition(Problem):
    """A report was asked for in an edition that there isn't. Choose full, partner or public."""

    status = 422
    title = "There is no such edition"


class DatabaseNotEmpty(Problem):
    """Rows were to be copied into a database that has some. Choose a new, empty one; nothing was changed."""

    status = 409
    title = "The target isn't empty"


class DatabasesDiffer(Problem):
    """Two databases aren't at the same migration. Bring both to the newest with `survey-server migrate`."""

    status = 409
    title = "The databases are of different versions"


class DatabaseInUse(Problem):
    """A server still has the database open that is to be moved. Stop it, then repeat; phones wait meanwhile."""

    status = 409
    title = "The database is in use"


class MoveIncomplete(Problem):
    """Rows that were copied aren't the ones that were read. Nothing was changed; repeat, or tell the developers."""

    status = 500
    title = "The copy isn't equal to the original"


class NotABackup(Problem):
    """A file isn't one that `survey-server backup` made. Choose the file that it wrote."""

    status = 422
    title = "Not a backup"


class BrokenBackup(Problem):
    """A backup can't be opened: wrong passphrase, or bytes were changed or are missing. Take another copy of it."""

    status = 422
    title = "The backup can't be opened"


class MediaStoreGone(Problem):
    """The object store that keeps media doesn't answer, or refuses us. Nothing is lost: phones send the file again."""

    status = 503
    title = "The store for photos and files can't be reached; try again in a moment"


class JobLost(Problem):
    """A job took longer than its lease and another worker has it now. Nothing is lost: that one goes on with it."""

    status = 409
    title = "Another worker has this job"


class StaleEdit(Problem):
    """Another edit of the same interview came first, or its wave is locked: both are kept, the office decides."""

    status = 409
    title = "This interview was changed meanwhile"


class UnknownEdited(Problem):
    """An edit of an interview that this server hasn't got. It waits in quarantine and can be tried again."""

    status = 404
    title = "The interview that was edited is not here"


class NotOpenRosa(Problem):
    """A request to the OpenRosa address lacks the header X-OpenRosa-Version: 1.0. Use ODK Collect, Kobo or Enketo."""

    status = 400
    title = "This isn't an OpenRosa request"


class BrokenParts(Problem):
    """The parts of an OpenRosa submission break off or make no sense. Nothing was kept; the client sends it again."""

    status = 400
    title = "The upload is damaged"


class NoInterviewPart(Problem):
    """An OpenRosa submission has no part `xml_submission_file`. Nothing was kept; correct the client."""

    status = 400
    title = "The upload holds no interview"


class UnknownVersion(Problem):
    """An OpenRosa client sends an interview of a form version that was never published here. Its bytes are kept in
    quarantine; publish that version, or replay it, which takes it with an issue."""

    status = 404
    title = "This form version isn't known here"


class FormClosed(Problem):
    """A form takes no more interviews. Those that still come are kept in quarantine; open the form, then replay."""

    status = 409
    title = "This form takes no more interviews"


class WasErased(Problem):
    """An interview that was erased here was sent again. Nothing was kept; delete it on the device."""

    status = 409
    title = "This interview was erased"


class KeyNotValid(Problem):
    """The key in an OpenRosa address was never given out or was revoked. Give the device a new settings code."""

    status = 403
    title = "This device's key isn't valid"


class CredentialsNeeded(Problem):
    """An OpenRosa address without a key needs the user name and password of a device (HTTP Digest, or Basic)."""

    status = 401
    title = "A user name and password are needed"


class NoPracticeHere(Problem):
    """A practice address names a key that isn't valid. Make a new settings code in the office."""

    status = 404
    title = "There is no such practice address"


class UnknownEntityList(Problem):
    """There is no entity list of this name or number. Publish a form that declares it in its `entities` sheet."""

    status = 404
    title = "There is no such entity list"


class EncryptedIncomplete(Problem):
    """An encrypted interview can't be opened yet: some of its files haven't come. It waits for them."""

    status = 422
    title = "Files of the encrypted interview are missing"


class BrokenEncryption(Problem):
    """An encrypted interview doesn't open with its key, or its signature doesn't fit. Its bytes are kept."""

    status = 422
    title = "The encrypted interview can't be opened"


class UnknownWithdrawal(Problem):
    """No interview has this withdrawal code. Compare it with the card; a phone may still hold the interview unsent."""

    status = 404
    title = "There is no interview with this code"


class UnfitReview(Problem):
    """A review lacks what it needs, such as the reason of a rejection: nothing was changed."""

    status = 422
    title = "This review is not complete"


class UnfitRepair(Problem):
    """What was repaired in quarantine is still no interview; the bytes that came stay as they are."""

    status = 422
    title = "This can't be let in yet"


class UnfitRoster(Problem):
    """A list of officers can't be given aliases. The message names what is wrong with the file."""

    status = 422
    title = "The roster can't be used"


class UnfitIndicator(Problem):
    """An indicator doesn't fit its form, or no reason was given. Correct the named cells; nothing was saved."""

    status = 422
    title = "The indicator can't be saved so"


class UnfitDecision(Problem):
    """A decision can't be kept so: a blank, signed already, or the report has changed."""

    status = 422
    title = "The decision can't be kept so"


class BadApiToken(Problem):
    """No token of the read API, or one that has ended or was revoked: make another in the office."""

    status = 401
    title = "The token isn't valid"


class UnfitToken(Problem):
    """A token of the read API can't be made like that. The message names what is missing."""

    status = 422
    title = "The token can't be made"


class BadCursor(Problem):
    """`since` isn't a cursor that this API gave out. Begin without one, or take the `next` of the last page."""

    status = 400
    title = "The cursor can't be read"


class UnfitWebhook(Problem):
    """A webhook can't have this address or these events. Use https:// and an address that the internet can reach."""

    status = 422
    title = "The webhook can't be used like that"


class UnansweredWebhook(Problem):
    """A webhook didn't answer, or not with 2xx. The delivery is tried again, later and later, for four days."""

    status = 502
    title = "The webhook didn't answer"
