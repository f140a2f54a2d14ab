"""One interview on the shared phone: what is tapped, and what the server has of it in the end."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree
from playwright.sync_api import Locator, Page
from sqlalchemy import select

from survey_server.db.models import Submission, SubmissionVersion
from survey_server.db.session import Database
from tests.browser.field import wait_until
from tests.browser.interviewing import NEXT

FORM = "form.questions[data-page$='{}']"


class Interview:
    """One interview on the shared phone: what is tapped, and what the server has of it in the end."""

    def __init__(self, page: Page, database: Database, form: str) -> None:
        self.page = page
        self.database = database
        self.form = form
        page.evaluate("location.hash = '#/'")
        page.locator(".page.home").wait_for()
        page.evaluate("form => { location.hash = `#/fill/new:${form}`; }", form)
        page.locator("form.questions").wait_for()

    def question(self, name: str) -> Locator:
        return self.page.locator(f"section.question[data-ref$='/{name}']")

    def next(self, to: str) -> None:
        self.page.locator(NEXT).click()
        self.page.locator(FORM.format(to)).wait_for()

    def finished(self) -> dict[str, str | None]:
        """Finish; the answers by name as they reached the server."""
        self.page.locator("main button.main").click()
        self.page.locator("main .notice[role=status]").wait_for()
        wait_until(
            lambda: self.page.locator("a.queue strong").inner_text() == "Todo enviado", "the interview to be sent"
        )
        with self.database.reading() as session:
            query = select(SubmissionVersion).join(Submission, Submission.id == SubmissionVersion.submission_id)
            xml = session.scalars(query.order_by(SubmissionVersion.submission_id.desc())).first()
            assert xml is not None
            return {leaf.tag: leaf.text for leaf in etree.fromstring(xml.xml).iter(etree.Element) if len(leaf) == 0}


Begin = Callable[[str], Interview]


def tap_until(it: Interview, where: str, true: Callable[[], bool]) -> None:
    """Tap the middle of the map, where the test's area lies."""
    box = it.page.locator(where).bounding_box()
    assert box
    it.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_until(true, "the map to take the tap")
