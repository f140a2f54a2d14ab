"""Every media question as a person sees it: axe, thumbs, letters and narrow screens, blank and answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.field import Phone
from tests.browser.looking import look_at, reflow
from tests.browser.media.conftest import beep, photo
from tests.browser.media.test_media_answers import begin, choose, draw, enrol, go_to, saved

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_seen_read_and_tapped_by_everybody(phone: Phone, link: str, screens: Path, scheme: str) -> None:
    page = phone.open(scheme=scheme)
    enrol(page, link)
    begin(page, "media")
    wrong: list[str] = []
    for name in ("photo", "taken", "sign", "sketch", "marked", "voice", "clip", "paper", "code", "where", "sign_seen"):
        question = go_to(page, name)
        if name == "where":
            question.locator("svg").wait_for()
        elif name == "sign_seen":
            question.locator("label.choice img").wait_for()
        elif name != "code":
            question.locator(".media-body *").first.wait_for()
        wrong += look_at(page, f"media-{name}-{scheme}", screens, tablet=False) + reflow(page, name)
        if name in ("photo", "marked"):
            choose(question, photo(1200, 900, side=False), place=question.locator("input[type=file]").count() - 1)
        elif name in ("sign", "sketch"):
            draw(page, question)
        elif name == "voice":
            choose(question, beep(), "a.wav", "audio/wav")
        else:
            continue
        saved(question)
        wrong += look_at(page, f"media-{name}-{scheme}-answered", screens, tablet=False) + reflow(page, name)
    assert wrong == []
