"""Every media question as a person sees it: axe, thumbs, letters and narrow screens, blank and answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.field import Phone
from tests.browser.looking import look_in_every_light
from tests.browser.media.conftest import beep, photo
from tests.browser.media.steps import begin, choose, draw, enrol, go_to

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["es", "en"])
def test_it_can_be_seen_read_and_tapped_by_everybody(phone: Phone, link: str, screens: Path, language: str) -> None:
    page = phone.open()
    enrol(page, link)
    if language == "en":
        page.locator("button.language").click()
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
        wrong += look_in_every_light(page, f"media-{name}-{language}", screens)
        if name in ("photo", "marked"):
            choose(question, photo(1200, 900, side=False), place=question.locator("input[type=file]").count() - 1)
        elif name in ("sign", "sketch"):
            draw(page, question)
        elif name == "voice":
            choose(question, beep(), "a.wav", "audio/wav")
        else:
            continue
        question.locator(".media-status .icon").wait_for()
        wrong += look_in_every_light(page, f"media-{name}-{language}-answered", screens)
    assert wrong == []
