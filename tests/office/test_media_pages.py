"""The files of an interview in the office: what is here, on its way, missing, or not what it says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.media.pieces import Announcement, Hander, MediaIntake, list_media
from survey_server.db.models import AuditRow, Submission
from survey_server.db.publishing import publish_form
from survey_server.problems import UnknownMedia
from survey_server.web.media import make_store
from survey_server.web.office.review.pictures import redraw
from tests.office.world import World

FORM = """
| survey |
| | type | name | label |
| | start | start | |
| | today | today | |
| | image | photo | Foto |
| | audio | voice | Voz |
| settings |
| | form_title | form_id | version |
| | Con foto | pictured | 1 |
"""


def picture(side: int = 1500, *, exif: bool = True) -> bytes:
    """A photo as a phone takes it: with the place in its EXIF."""
    image = Image.effect_noise((side, side // 2), 40).convert("RGB")
    tags = Image.Exif()
    tags[0x0112] = 6  # lies on its side
    tags[0x010F] = "CAMARA-SECRETA"
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70, exif=tags if exif else b"")
    return file.getvalue()


@pytest.fixture
def address(world: World) -> str:
    """The page of an interview with a photo that is here and a sound that isn't."""
    publish_form(world.database, world.here.id, "pictured.md", FORM.encode())
    xml = (
        '<data id="pictured" version="1"><start>2026-09-05T09:00:00.000-06:00</start><today>2026-09-05</today>'
        "<photo>1.jpg</photo><voice>2.webm</voice><meta><instanceID>uuid:pictured</instanceID></meta></data>"
    )
    source = Source(world.here.id, "demo", "command")
    take_in(
        world.database, source, [Arrival("uuid:pictured", "pictured", "1", xml.encode(), device_id=world.device_id)]
    )
    keep(world, "1.jpg", "image/jpeg", picture())
    with world.database.reading() as session:
        row = session.scalars(select(Submission).where(Submission.instance_id == "uuid:pictured")).one()
    return f"/office/p/norte/submissions/{row.id}"


def intake(world: World) -> MediaIntake:
    return MediaIntake(world.database, make_store(world.app.config["SURVEY"]))


def keep(world: World, name: str, media_type: str, body: bytes) -> int:
    intake(world).keep(Hander(world.here.id, "phone", "command"), "uuid:pictured", name, media_type, body)
    with world.database.reading() as session:
        return next(row.id for row in list_media(session, world.here.id, "uuid:pictured") if row.name == name)


def test_it_shows_what_is_here_and_what_is_missing(world: World, address: str) -> None:
    page = world.browser("supervisor").get(address).text
    assert "1.jpg" in page and "/picture" in page
    assert "2.webm" in page and "Todavía no llega" in page


def test_it_shows_how_far_a_file_is(world: World, address: str) -> None:
    hander = Hander(world.here.id, "phone", "command")
    digest = "ab" * 32
    intake(world).announce(hander, Announcement("uuid:pictured", "2.webm", "audio/webm", 1000, digest))
    intake(world).take(hander, digest, 0, bytes(250))
    assert "25 %" in world.browser("supervisor").get(address).text


def test_it_names_a_file_that_lies(world: World, address: str) -> None:
    number = keep(world, "3.jpg", "image/jpeg", b"<html><script>alert(1)</script>")
    page = world.browser("supervisor").get(address).text
    assert "No es lo que dice ser" in page and "text/html" in page
    assert f"media/{number}/picture" not in page


def test_it_gives_a_file_as_a_download_only(world: World, address: str) -> None:
    number = keep(world, "4.html", "text/html", b"<html><script>alert(1)</script>")
    answer = world.browser("supervisor").get(f"{address}/media/{number}")
    assert answer.data == b"<html><script>alert(1)</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert world.browser("supervisor").get(f"{address}/media/{number}/picture").status_code == 404


def test_it_redraws_pictures_small_upright_and_without_the_camera_s_notes(world: World, address: str) -> None:
    page = world.browser("supervisor").get(address).text
    path = next(part for part in page.split('"') if part.endswith("/picture"))
    answer = world.browser("supervisor").get(path)
    assert answer.content_type == "image/jpeg"
    with Image.open(io.BytesIO(answer.data)) as shown:
        assert max(shown.size) <= 720 and shown.height > shown.width
        assert dict(shown.getexif()) == {}
    assert b"CAMARA-SECRETA" not in answer.data


def test_it_notes_who_looked_before_it_shows(world: World, address: str) -> None:
    number = keep(world, "5.txt", "text/plain", b"hola")
    world.browser("supervisor").get(f"{address}/media/{number}")
    with world.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "read-media")).all()
    assert [row.detail for row in rows] == [{"media": str(number)}]


def test_it_shows_a_coordinator_nothing_while_the_wave_is_open(world: World, address: str) -> None:
    number = keep(world, "6.txt", "text/plain", b"hola")
    assert world.browser("coordinator").get(f"{address}/media/{number}").status_code == 403


def test_it_gives_no_file_by_the_address_of_another_interview(world: World, address: str) -> None:
    number = keep(world, "7.txt", "text/plain", b"hola")
    other = f"/office/p/norte/submissions/{world.submissions[1]}/media/{number}"
    assert world.browser("supervisor").get(other).status_code == 404


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 broken", picture(200)[:400], b"<svg/>"])
def test_it_shows_no_picture_that_cannot_be_decoded(content: bytes) -> None:
    with pytest.raises(UnknownMedia):
        redraw(content)


def test_it_decodes_no_bomb(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    with pytest.raises(UnknownMedia):
        redraw(bomb.getvalue())
