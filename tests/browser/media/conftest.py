"""A server of its own with forms that ask for media, and a phone with a camera and a microphone that are made up."""

from __future__ import annotations

import io
import random
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image
from playwright.sync_api import Playwright
from sqlalchemy import select

from survey_server.config import Config
from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.intake.keys import Keyring
from survey_server.db.media.pieces import list_media, open_media
from survey_server.db.migrate import migrate
from survey_server.db.models import Media, Submission, SubmissionVersion
from survey_server.db.programmes import get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, open_database
from survey_server.web.media import make_store
from tests.browser.field import Phone, Server, running
from tests.browser.media.forms import AUDITED, BODY_SVG, MEDIA, ONE_PHOTO, RECORDED
from tests.browser.programmes import add_patient

FAKE = ["--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required"]
PLACE = "14.6407"


def photo(width: int = 2400, height: int = 1800, *, side: bool = True) -> bytes:
    """A photo as a phone's camera writes it: lying on its side, with maker and place beside the points."""
    random.seed(5)
    image = Image.effect_noise((width, height), 60).convert("RGB")
    image.paste((200, 30, 30), (0, 0, width // 4, height // 4))
    tags = Image.Exif()
    tags[0x010F] = "CAMARA-SECRETA"
    if side:
        tags[0x0112] = 6
    place = tags.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (14.0, 38.0, 26.5), "W", (90.0, 30.0, 47.9)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80, exif=tags, comment=b"COMENTARIO-SECRETO")
    return file.getvalue()


def beep() -> bytes:
    """A second of sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes((i * 37) % 256 for i in range(8000)))
    return file.getvalue()


def wall() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((300, 200), 50).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media-office")
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_patient(session, "demo", "Programa de prueba", demo=True).id
    shown = {"body.svg": BODY_SVG, "wall.png": wall(), "beep.wav": beep()}
    publish_form(database, programme_id, "media.md", MEDIA.encode(), shown)
    for name, form in (("one_photo", ONE_PHOTO), ("audited", AUDITED), ("recorded", RECORDED)):
        publish_form(database, programme_id, f"{name}.md", form.encode())
    database.close()
    return folder


@pytest.fixture(scope="session")
def shared_server(media_folder: Path) -> Iterator[Server]:
    with running(Server(media_folder)) as started:
        yield started


@pytest.fixture
def link(server: Server, database: Database, label: str) -> str:
    with database.transaction() as session:
        code = add_enrolment(session, get_programme(session, "demo").id, label, "EN007")
    return enrol_link(server.address, code)


@pytest.fixture
def phone(playwright: Playwright, server: Server, tmp_path: Path) -> Iterator[Phone]:
    """A phone whose person allows camera and microphone."""
    made = Phone(playwright, tmp_path / "profile", server.address)
    made.flags = [*FAKE, "--use-fake-ui-for-media-stream"]
    made.permissions = ["geolocation", "camera", "microphone"]
    yield made
    made.close()


@dataclass
class Arrived:
    """One interview as the server has it, with its files as they were on the phone."""

    answers: dict[str, str]
    rows: list[Media]
    files: dict[str, bytes]


@pytest.fixture
def arrived(database: Database, server: Server, stored: Callable[[], list[SubmissionVersion]]) -> Callable[[], Arrived]:
    """Reads the last interview of this test's phone and its files, opened with the server's own keys."""

    def read() -> Arrived:
        document = stored()[-1]
        config = Config.from_environment({"SURVEY_DATA_DIR": str(server.folder)})
        answers = {
            leaf.tag.split("}")[-1]: (leaf.text or "")
            for leaf in etree.fromstring(document.xml).iter(etree.Element)
            if len(leaf) == 0
        }
        with database.reading() as session:
            submission = session.scalars(select(Submission).where(Submission.id == document.submission_id)).one()
            rows = list_media(session, submission.programme_id, submission.instance_id)
            ring = Keyring(config.secret_key)
            files = {row.name: open_media(session, make_store(config), row, ring) for row in rows if row.completed_at}
        return Arrived(answers, rows, files)

    return read
