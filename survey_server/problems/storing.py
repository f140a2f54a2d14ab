"""Settings, the database, the stores of files, backups and jobs: what stands in the way of keeping anything."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class BadSetting(Problem):
    """A setting in the environment can't be used. Correct the variable that is named and start again."""

    title = "A setting can't be used"


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
