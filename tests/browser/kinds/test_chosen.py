"""What is chosen, whatever the list looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.interviewing import NEXT
from tests.browser.kinds.interview import FORM, Begin, tap_until
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser


def test_it_takes_what_is_chosen_whatever_it_looks_like(begin: Begin, screens: Path) -> None:
    it = begin("chosen")
    page = it.page
    page.locator(NEXT).click()
    assert it.question("plain").locator(".message").inner_text().endswith("Elija una, por favor.")
    it.question("plain").locator("label", has_text="Regular").click()
    it.next("/quickly")
    it.question("quickly").locator("label", has_text="Mal").click()
    page.locator(FORM.format("/likert")).wait_for()
    page.locator("footer nav button.plain").click()
    page.locator(FORM.format("/quickly")).wait_for()
    page.keyboard.press("Tab")
    it.question("quickly").locator("input").nth(2).focus()
    page.keyboard.press("ArrowUp")
    assert it.question("quickly").locator("input").nth(1).is_checked()
    assert page.locator(FORM.format("/quickly")).count() == 1, "arrow keys only walk through the rows"
    it.next("/likert")
    rows = it.question("likert").locator("label.choice")
    boxes = [row.bounding_box() for row in rows.all()]
    assert all(box and box["height"] >= 48 and box["width"] > 300 for box in boxes)
    rows.nth(3).click()
    page.screenshot(path=screens / "35-likert.png")
    it.next("/village")
    it.question("village").locator("label.choice").nth(49).wait_for()
    assert it.question("village").locator("label.choice").count() == 50
    it.question("village").locator("input[type=search]").fill("numero 57")
    it.question("village").locator("label.choice", has_text="57").click()
    page.screenshot(path=screens / "36-search.png")
    it.next("/fold")
    it.question("fold").locator("button.fold").click()
    page.locator("dialog.sheet label", has_text="Mal").click()
    page.locator("dialog.sheet").wait_for(state="detached")
    assert it.question("fold").locator("button.fold").inner_text() == "Mal"
    it.question("folds").locator("button.fold").click()
    page.locator("dialog.sheet label", has_text="Bien").click()
    page.locator("dialog.sheet label", has_text="Mal").click()
    page.screenshot(path=screens / "37-sheet.png")
    page.locator("dialog.sheet button", has_text="Listo").click()
    it.question("auto").locator("input[type=search]").fill("regu")
    it.question("auto").locator("label.choice", has_text="Regular").click()
    it.question("cols").locator("label", has_text="Bien").click()
    tops = [box["y"] for row in it.question("cols3").locator("label").all()[:3] if (box := row.bounding_box())]
    assert len(set(tops)) == 1, "three choices side by side"
    it.question("cols3").locator("label", has_text="Mal").click()
    for words in ("Mal", "Bien"):
        it.question("pack").locator("label", has_text=words).click()
        it.question("several").locator("label", has_text=words).click()
    it.question("other").locator("label").last.click()
    it.question("other_other").locator("input").fill("Peor")
    page.screenshot(path=screens / "38-looks.png", full_page=True)
    page.locator(NEXT).click()
    it.question("row1").wait_for()
    it.question("row1").locator("label", has_text="Bien").click()
    it.question("row2").locator("label", has_text="Mal").click()
    page.screenshot(path=screens / "39-table.png", full_page=True)
    it.next("/inline")
    it.question("inline").locator("label").nth(0).click()
    it.question("inline").locator("label").nth(1).click()
    it.next("/site")
    it.question("site").locator("canvas").wait_for()
    wait_for_script(
        page, "performance.getEntriesByType('resource').some(({name}) => name.endsWith('gt_departments.json'))"
    )
    tap_until(it, "canvas", lambda: "Zona" in it.question("site").locator(".place > p").inner_text())
    page.screenshot(path=screens / "40-map-choice.png", full_page=True)
    it.question("site").locator("summary").click()
    it.question("site").locator("label", has_text="Sur").click()
    assert it.question("site").locator(".place > p").inner_text() == "Elegido: Sur"
    it.next("end")
    found = it.finished()
    expected = {
        "plain": "2", "quickly": "2", "likert": "4", "village": "v57", "fold": "3", "folds": "1 3", "auto": "2",
        "cols": "1", "cols3": "3", "pack": "1 3", "several": "1 3", "other": "other", "other_other": "Peor",
        "row1": "1",
        "row2": "3", "inline": "1 2", "site": "south",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_it_never_hides_what_has_the_focus_behind_its_own_bars(begin: Begin) -> None:
    it = begin("typed")
    page = it.page
    page.locator("form.questions input").first.focus()
    hidden = []
    for _ in range(12):
        page.keyboard.press("Tab")
        found = page.evaluate(COVERED)
        if found:
            hidden.append(found)
    assert hidden == []


COVERED = """() => {
  const here = document.activeElement;
  if (!here.closest('main')) return null;
  const [box, head, foot] = [here, document.querySelector('header.bar'), document.querySelector('footer.foot')]
    .map((each) => each.getBoundingClientRect());
  return box.top >= head.bottom - 1 && box.top < foot.top - 8 ? null : here.outerHTML.slice(0, 100);
}"""
