"""What every view of the phone must pass, whatever it shows: axe, thumbs, letters, narrow screens. And its pictures."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.field import SIZE
from tests.browser.waiting import wait_for_script

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TABLET = {"width": 768, "height": 1024}
SCHEMES = ("light", "dark", "sun")
SMALL_TARGETS = """() => {
  const inside = 'button, a, summary, select, label:has(input), input:not([type=radio], [type=checkbox]), textarea';
  return [...document.querySelectorAll(inside)]
    .filter((each) => each.offsetParent && !each.disabled && !each.closest('p, [inert], .language-pick'))
    .map((each) => [each.outerHTML.slice(0, 120), each.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && box.height > 0 && (box.height < 47.9 || box.width < 47.9))
    .map(([html, box]) => `${box.width} x ${box.height} ${html}`);
}"""
WIDER = """width => {
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > width + 1)
    .slice(0, 3).map((each) => `wider than ${width}: ${each.outerHTML.slice(0, 100)}`);
}"""
SPEAKS = """language => {
  const others = document.querySelectorAll('#app button.language');
  return document.documentElement.lang.startsWith(language) && [...others].every(({ lang }) => lang !== language);
}"""
"""The view has been drawn anew: its button offers the other language."""
"""A phone that has too little room shows the page smaller: what the page calls its width is no measure then."""
SMALL_LETTERS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { parentElement: holder, data } = walker.currentNode;
    if (!data.trim() || !holder.offsetParent || holder.closest('.hidden-words, option, noscript')) continue;
    const size = Number.parseFloat(getComputedStyle(holder).fontSize);
    if (size < 17.9) found.push(`${size} ${data.trim().slice(0, 40)}`);
  }
  return found;
}"""


def look_at(
    page: Page, name: str, screens: Path, *, rules: list[str] | None = None, tablet: bool = True, whole: bool = False
) -> list[str]:
    """Take a picture (`whole`: also of what lies below the screen); what is wrong with the view: axe, small targets,
    letters under 18 px, sideways scrolling.
    """
    page.screenshot(path=screens / f"{name}.png", scale="css", full_page=whole)
    found = Axe().run(page, options={"runOnly": rules or RULES}).response["violations"]
    wrong = [f"{each['id']}: {each['nodes'][0]['html'][:150]} {each['nodes'][0]['failureSummary']}" for each in found]
    wrong += page.evaluate(SMALL_TARGETS) + page.evaluate(SMALL_LETTERS) + _overflow(page)
    if tablet:
        page.set_viewport_size(TABLET)
        page.screenshot(path=screens / f"{name}-tablet.png", scale="css", full_page=whole)
        wrong += _overflow(page)
        page.set_viewport_size(SIZE)
    return [f"{name}: {each}" for each in wrong]


def look_in_every_light(page: Page, name: str, screens: Path, *, tablet: bool = True, whole: bool = False) -> list[str]:
    """The same in light, dark and for the sun; and that nothing is cut off on 320 px or at twice the letters."""
    before = page.evaluate("document.documentElement.dataset.looks")
    wrong: list[str] = []
    for scheme in SCHEMES:
        page.evaluate("scheme => { document.documentElement.dataset.looks = scheme; }", scheme)
        rules = None if scheme == "light" else ["color-contrast"]
        wrong += look_at(page, f"{name}-{scheme}", screens, rules=rules, tablet=tablet, whole=whole)
    wrong += reflow(page, f"{name} for the sun")
    page.evaluate("scheme => { document.documentElement.dataset.looks = scheme; }", before)
    return wrong + reflow(page, name) + _at_twice_the_letters(page, name)


def look_in_both_languages(page: Page, name: str, screens: Path, *, whole: bool = False) -> list[str]:
    """The same in English and in Spanish, which the app speaks afterwards."""
    wrong: list[str] = []
    for language in ("en", "es"):
        speak(page, language)
        wrong += look_in_every_light(page, f"{name}-{language}", screens, whole=whole)
    return wrong


def speak(page: Page, language: str) -> None:
    """Change the app's language; a box over the page keeps the one in which it was opened."""
    page.evaluate(
        """async (language) => {
          const texts = await import(`/static/${document.documentElement.dataset.version}/js/texts.js`);
          if (texts.language() !== language) await texts.setLanguage(language);
          await new Promise((drawn) => { requestIdleCallback(drawn, { timeout: 1000 }); });
        }""",
        language,
    )
    wait_for_script(page, SPEAKS, arg=language)
    page.locator("#app h1").first.wait_for()


def _at_twice_the_letters(page: Page, name: str) -> list[str]:
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    wrong = _overflow(page)
    page.evaluate("document.documentElement.style.removeProperty('font-size')")
    return [f"{name} at twice the letters: {each}" for each in wrong]


def reflow(page: Page, name: str) -> list[str]:
    """What is cut off on the narrowest screen."""
    page.set_viewport_size({"width": 320, "height": 568})
    wrong = _overflow(page)
    page.set_viewport_size(SIZE)
    return [f"{name}: {each}" for each in wrong]


def _overflow(page: Page) -> list[str]:
    size = page.viewport_size
    assert size
    found: list[str] = page.evaluate(WIDER, size["width"])
    return found
