"""From a tap to the painted answer, in the real app on Chromium slowed down 6 and 16 times: large forms, repeats."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.migrate import migrate
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import open_database
from tests.bench.bench_engine import wide_form
from tests.bench.forms import survey40
from tests.bench.gestures import OPEN, SEARCH, TAP, TURN, TYPE, WALK
from tests.bench.measure import measure
from tests.browser.field import Phone, Server, running, wait_whole
from tests.browser.interviewing import choose_pin

FORMS = Path(__file__).resolve().parents[2] / "forms"
SLOWER = (6, 16)
LIMITS = {6: "limit 16 median, 50 p95", 16: "limit 200 p95"}
WALKED = {"ssr_perception": "perception form", "survey40": "40 questions, 300 places"}
PAGES = 20
ANSWERS = 40
TOWNS = 40_000

REPEATED = """
| survey |
| | type | name | label | repeat_count | calculation |
| | integer | n | Personas | | |
| | begin_repeat | person | Persona | ${n} | |
""" + "".join(f"| | integer | a{q} | Pregunta {q} | | |\n" for q in range(10)) + """| | end_repeat | | | | |
| | calculate | total | | | sum(${a1}) |
| | note | seen | En total: ${total} | | |
"""  # fmt: skip

CASCADE = """
| survey |
| | type | name | label | choice_filter |
| | select_one adm | adm | Departamento | |
| | select_one_from_file towns.csv | town | Aldea | adm = ${adm} |
| | select_one_from_file towns.csv | anywhere | Cualquier aldea | |

| choices |
| | list_name | name | label |
""" + "".join(f"| | adm | d{n} | Departamento {n} |\n" for n in range(8))  # fmt: skip


class Bench:
    """The app on a phone that is made slower and slower."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.devtools = page.context.new_cdp_session(page)

    def slow(self, factor: int) -> None:
        self.devtools.send("Emulation.setCPUThrottlingRate", {"rate": factor})

    def begin(self, form: str) -> None:
        self.page.evaluate("location.hash = '#/'")
        self.page.locator(".page.home").wait_for()
        self.page.evaluate("form => { location.hash = `#/fill/new:${form}`; }", form)
        self.page.locator("form.questions section.question").first.wait_for()

    def jump(self, name: str) -> None:
        """Go on until the page of this question."""
        self.page.locator(f"form.questions[data-page*='{name}']").wait_for()

    def heap(self) -> float:
        """Megabytes that stay after a collection."""
        self.devtools.send("HeapProfiler.collectGarbage")
        self.devtools.send("Performance.enable")
        metrics = {each["name"]: each["value"] for each in self.devtools.send("Performance.getMetrics")["metrics"]}
        return float(metrics["JSHeapUsedSize"]) / 1e6

    def busy(self) -> float:
        """Milliseconds of processor that the page's main thread has used: other programs don't count."""
        self.devtools.send("Performance.enable")
        metrics = {each["name"]: each["value"] for each in self.devtools.send("Performance.getMetrics")["metrics"]}
        return float(metrics["ThreadTime"]) * 1000

    def answers(self, what: str, factor: int, times: list[float]) -> None:
        ordered = sorted(times)
        measure(f"{factor}x: {what}, median", statistics.median(ordered), "ms", LIMITS[factor])
        measure(f"{factor}x: {what}, 95th percentile", ordered[int(len(ordered) * 0.95)], "ms")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, _phone(Path(folder)) as page:
        bench = Bench(page)
        _measure_effort(bench)
        for factor in SLOWER:
            bench.slow(factor)
            _measure_opening(bench, factor)
            for form, name in WALKED.items():
                _measure_walk(bench, factor, form, name)
            _measure_wide(bench, factor)
            _measure_repeat(bench, factor)
            _measure_cascade(bench, factor)
            bench.slow(1)


def _measure_effort(bench: Bench) -> None:
    """What an answer costs the main thread, painting and saving included, at full speed."""
    bench.begin("wide")
    bench.page.evaluate(TURN)
    before = bench.busy()
    bench.page.evaluate(TYPE, [ANSWERS, 4])
    measure(
        "1x: main thread per answer of 500 questions, saving too", (bench.busy() - before) / ANSWERS, "ms", "limit 8"
    )


def _measure_opening(bench: Bench, factor: int) -> None:
    times = []
    for _ in range(4):
        bench.page.evaluate("location.hash = '#/'")
        bench.page.locator(".page.home").wait_for()
        times.append(bench.page.evaluate(OPEN, "ssr_perception"))
    limit = "limit 300" if factor == 6 else ""
    measure(f"{factor}x: opening the perception form, first time", times[0], "ms", limit)
    measure(f"{factor}x: opening the perception form, again", statistics.median(times[1:]), "ms", limit)


def _measure_walk(bench: Bench, factor: int, form: str, name: str) -> None:
    """An interview from its first page on: tap or type an answer, go on."""
    bench.begin(form)
    answers, turns = bench.page.evaluate(WALK, PAGES)
    bench.answers(f"{name}, an answer ({len(answers)} questions)", factor, answers)
    bench.answers(f"{name}, next page, on the disk", factor, turns)


def _measure_wide(bench: Bench, factor: int) -> None:
    bench.begin("wide")
    times: list[float] = []
    turns: list[float] = []
    times += bench.page.evaluate(TYPE, [ANSWERS // 2, 2])  # the gate: 25 questions come and go
    bench.answers("500 questions, the gate of 25", factor, times)
    times = []
    for _ in range(6):
        turns.append(bench.page.evaluate(TURN))
        times += bench.page.evaluate(TYPE, [ANSWERS // 5, 4])
    bench.answers("500 questions, an answer", factor, times)
    bench.answers("500 questions, next page, on the disk", factor, turns)
    if factor == SLOWER[0]:
        measure("heap with 500 questions open", bench.heap(), "MB", "limit 8")


def _measure_repeat(bench: Bench, factor: int) -> None:
    bench.begin("repeated")
    bench.page.locator("form.questions .control input").fill("100")
    turns = [bench.page.evaluate(TURN) for _ in range(12)]
    times = bench.page.evaluate(TYPE, [ANSWERS, 9])
    bench.answers("repeat of 100 x 10 with a sum, an answer", factor, times)
    bench.answers("repeat of 100 x 10, next page", factor, turns[1:])


def _measure_cascade(bench: Bench, factor: int) -> None:
    bench.begin("cascade")
    times = [bench.page.evaluate(TAP, f"label.choice:nth-of-type({1 + n % 8}) input") for n in range(ANSWERS // 2)]
    bench.answers(f"choosing above a cascade of {TOWNS:,}", factor, times)
    measure(f"{factor}x: opening the list of {TOWNS // 8:,}", bench.page.evaluate(TURN), "ms")
    measure(f"{factor}x: opening the list of {TOWNS:,}", bench.page.evaluate(TURN), "ms")
    times = [bench.page.evaluate(SEARCH, text) for text in ("9", "99", "999", "9999", "1", "12", "123", "1234")]
    bench.answers(f"searching among {TOWNS:,}, a letter", factor, times)


@contextmanager
def _phone(folder: Path) -> Iterator[Page]:
    """A phone with these forms on it."""
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme = add_programme(session, "bench", "Bench", demo=True).id
    towns = "name,label,adm\n" + "".join(f"t{n},Aldea {n},d{n % 8}\n" for n in range(TOWNS))
    forms: dict[str, tuple[str, dict[str, bytes]]] = {
        "wide": (wide_form(), {}),
        "repeated": (REPEATED, {}),
        "cascade": (CASCADE, {"towns.csv": towns.encode()}),
    }
    publish_form(database, programme, "survey40.md", survey40().encode())
    settings = "\n\n| settings |\n| | form_title | form_id | version |\n| | {0} | {0} | 1 |\n"
    for name, (text, files) in forms.items():
        publish_form(database, programme, f"{name}.md", (text + settings.format(name)).encode(), files)
    data = {name: (FORMS / name).read_bytes() for name in ("psus.csv", "posts.csv")}
    publish_form(database, programme, "ssr_perception.md", (FORMS / "ssr_perception.md").read_bytes(), data)
    with database.transaction() as session:
        code = add_enrolment(session, programme, "Bench", "OB001")
    with running(Server(folder)) as server, sync_playwright() as playwright:
        phone = Phone(playwright, folder / "profile", server.address)
        page = phone.open(path=enrol_link(server.address, code).removeprefix(server.address))
        choose_pin(page)
        page.locator("main ul.list a.card").nth(4).wait_for()
        wait_whole(page)
        yield page
        phone.close()


if __name__ == "__main__":
    main()
