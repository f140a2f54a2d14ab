"""A programme whose every text is a script: shown as text on every page, in reports and in exports, run nowhere."""

from __future__ import annotations

import csv
import io
import threading
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from lxml import html
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Playwright
from werkzeug.http import parse_options_header
from werkzeug.serving import make_server

from survey_server.reports.make import make_summary
from survey_server.reports.render import render_html
from survey_server.web.office.frame import COOKIE
from survey_server.work import KINDS, Worker
from tests.attacks.camps import Fortress
from tests.attacks.conftest import HURT
from tests.attacks.crawling import Walk, walk
from tests.chromium import CHROMIUM

HERE = "/office/p/norte/"


@pytest.fixture(scope="module")
def pages(fortress: Fortress) -> Walk:
    """What somebody with every role sees of the hostile programme, and the administrator of its people."""
    found = walk(fortress.browser(fortress.camps["norte"].people["everything"]), HERE)
    people = walk(fortress.browser(fortress.administrator), "/office/people")
    found.pages |= {path: page for path, page in people.pages.items() if "/people" in path}
    return found


def faults(document: html.HtmlElement) -> list[str]:
    """What in a page runs or calls that our own templates never do."""
    wrong = [f"<{tag.tag} {name}>" for tag in document.iter() for name in tag.attrib if name.lower().startswith("on")]
    wrong += ["inline script" for tag in document.iter("script") if not tag.get("src")]
    sources = [tag.get("src", "") for tag in document.iter("script", "img", "iframe", "embed", "source")]
    wrong += [source for source in sources if not source.startswith(("/static/", "/office/", "data:image/"))]
    links = [tag.get(name, "") for tag in document.iter("a", "form", "link") for name in ("href", "action")]
    wrong += [link for link in links if link.strip().lower().startswith(("javascript:", "data:", "vbscript:"))]
    return wrong


def test_it_shows_every_hostile_text_of_a_programme_as_text(pages: Walk) -> None:
    shown = 0
    for path, document in pages.documents():
        assert faults(document) == [], path
        text = document.text_content()
        assert "Zqu" not in text or "49" not in text.partition("Zqu")[2][:120], f"{path}: a template in a text ran"
        shown += "<script>hurt=2</script>{{7*7}}" in text
    assert len(pages.pages) > 80 and shown > 40, (len(pages.pages), shown)


def test_it_writes_no_hostile_name_into_a_header(pages: Walk) -> None:
    for path, answer in pages.pages.items():
        told = answer.headers.get("Content-Disposition", "")
        kind, options = parse_options_header(told)
        assert kind in ("", "attachment", "inline") and set(options) <= {"filename"}, (path, told)
        assert answer.mimetype != "text/html" or answer.headers["Content-Security-Policy"].startswith(
            "default-src 'none'"
        )


def test_it_sends_strict_headers_with_every_page_and_file(pages: Walk, fortress: Fortress) -> None:
    client = fortress.app.test_client()
    others = [
        "/",
        "/sw.js",
        "/manifest.webmanifest",
        "/healthz",
        "/api/v1/phone",
        "/api/v1/openapi.json",
        "/v1/x",
        "/x",
    ]
    answers = list(pages.pages.values()) + [client.get(path) for path in others]
    for answer in answers:
        headers, where = answer.headers, answer.request.path
        assert headers["X-Content-Type-Options"] == "nosniff", where
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, where
        assert "frame-ancestors 'none'" in policy or answer.mimetype != "text/html", where
        assert headers["X-Frame-Options"] == "DENY", where
        assert headers["Referrer-Policy"] in ("no-referrer", "same-origin"), where
        assert "unsafe" not in policy, where
        if where.startswith("/office"):
            assert "no-store" in headers["Cache-Control"], where
        answer.close()


def test_it_draws_a_report_of_hostile_texts_without_running_any(fortress: Fortress) -> None:
    wave = f"W1 {HURT}"[:40]
    document = html.document_fromstring(render_html(make_summary(fortress.database, "norte", [wave], "es")))
    wrong = [f"<{tag.tag} {name}>" for tag in document.iter() for name in tag.attrib if name.lower().startswith("on")]
    assert wrong == [] and not list(document.iter("script")) and not document.xpath("//img[@src='x']")
    assert "<script>hurt=2</script>" in document.text_content()


def test_it_lets_no_spreadsheet_run_what_anybody_wrote(fortress: Fortress, pages: Walk) -> None:
    browser = fortress.browser(fortress.camps["norte"].people["everything"])
    for kind in ("csv", "codebook", "xlsx"):
        values = {"wave": fortress.camps["norte"].ids["wave_id"][0], "kind": kind, "purpose": "ataque simulado"}
        browser.post(f"{HERE}exports", values)
        Worker(fortress.database, fortress.app.config["SURVEY"], {"export": KINDS["export"]}).run_due()
    found = walk(browser, f"{HERE}exports").pages | pages.pages
    tables = [table for answer in found.values() for table in read_tables(answer.mimetype, answer.get_data())]
    cells = [cell for table in tables for row in table for cell in row]
    assert len(tables) > 4 and any("Zqu" in cell for cell in cells)
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "@", "+"))] == []


def read_tables(media_type: str, content: bytes) -> Iterator[list[list[str]]]:
    """The tables of a CSV file, a zip of some, or a workbook; cells of a workbook that are formulas begin with =."""
    if media_type == "text/csv":
        yield list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    elif content.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        if "xl/workbook.xml" in archive.namelist():
            for sheet in openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets:
                yield [
                    ["=" if cell.data_type == "f" else f" '{cell.value}" for cell in row] for row in sheet.iter_rows()
                ]
        for name in archive.namelist():
            if name.endswith(".csv"):
                yield list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Chromium]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.mark.browser
def test_it_runs_no_hostile_text_in_a_real_browser(fortress: Fortress, chromium: Chromium) -> None:
    server = make_server("127.0.0.1", 0, fortress.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    camp = fortress.camps["norte"]
    cookie = fortress.browser(camp.people["everything"]).client.get_cookie(COOKIE, path="/office")
    assert cookie is not None
    context = chromium.new_context()
    context.add_cookies([{"name": COOKIE, "value": cookie.value, "domain": "127.0.0.1", "path": "/office"}])
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    one = f"submissions/{camp.ids['submission_id'][0]}"
    for path in ("", "submissions", one, f"{one}/edit", "sites", "teams", "entities", f"devices?x={HURT}", HURT):
        page.goto(f"{address}{HERE}{path}", wait_until="networkidle")
        assert page.evaluate("globalThis.hurt") is None, path
        assert page.locator("img[src=x]").count() == 0, path
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert [text for text in said if "404" not in text] == []
