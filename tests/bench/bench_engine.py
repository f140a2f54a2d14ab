"""The phone's engine on large forms, in repeats and cascades: under Node, and in Chromium slowed down 6 times."""

from __future__ import annotations

import json
import statistics
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from survey_server.web.assets import read_assets
from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.workbook import read_workbook
from tests.bench.measure import measure
from tests.chromium import CHROMIUM

ROOT = Path(__file__).parents[2]
PROBE = Path(__file__).with_name("engine_probe.mjs")
SLOWER = 6
LIMITS = {
    "openingPerception": 300, "answerAmong500": 16, "gateOf25Questions": 16, "answerInRepeatOf100": 16,
    "growingRepeatTo100": 1000, "cascadeOf40000": 50, "restoringDraftOfPerception": 300,
}  # fmt: skip


def phone_form(markdown: str, **files: bytes) -> dict[str, Any]:
    """A form as the phone receives it."""
    workbook = read_workbook(markdown.encode(), "form.md")
    return compile_form(workbook.xform, {**workbook.attachments, **files}, workbook.places).to_phone()


def wide_form() -> str:
    """500 questions in 20 groups, 200 of them with an expression, among them a gate that shows or hides a group."""
    rows = ["| survey |", "| | type | name | label | relevant | constraint | calculation |"]
    rows.append("| | integer | gate | Gate | | | |")
    for g in range(20):
        rows.append(f"| | begin_group | g{g} | G{g} | {'${gate} = 1' if g == 3 else ''} | | |")
        for q in range(25):
            relevant = f"${{q{g}_{q - 1}}} != 3" if q % 5 == 1 else ""
            constraint = ". >= 0 and . < 99" if q % 5 == 2 else ""
            calculation = f"coalesce(${{q{g}_{q - 1}}}, 0) + coalesce(${{q{g}_{q - 2}}}, 0)" if q % 10 == 3 else ""
            kind = "calculate" if calculation else "integer"
            rows.append(f"| | {kind} | q{g}_{q} | Question {q} | {relevant} | {constraint} | {calculation} |")
        rows.append("| | end_group | | | | | |")
    return "\n".join(rows)


LONG = """
| survey |
| | type | name | label | repeat_count | relevant | calculation |
| | integer | n | How many | | | |
| | begin_repeat | r | Person | ${n} | | |
| | integer | q0 | Q0 | | | |
| | integer | q1 | Q1 | | | |
| | integer | q2 | Q2 | | ${q0} > 3 | |
| | integer | q3 | Q3 | | | |
| | integer | q4 | Q4 | | | |
| | text | q5 | Q5 | | ${q1} = 1 | |
| | text | q6 | Q6 | | | |
| | text | q7 | Q7 | | | |
| | text | q8 | Q8 | | | |
| | calculate | q9 | | | | coalesce(${q0}, 0) + coalesce(${q1}, 0) |
| | end_repeat | | | | | |
| | calculate | total | | | | sum(${q9}) |
| | note | said | In all ${total} | | | |
"""

CASCADE = """
| survey |
| | type | name | label | choice_filter |
| | text | municipality | Municipality | |
| | select_one_from_file places.csv | place | Place | municipality = ${municipality} |
"""


def forms() -> dict[str, Any]:
    """Every form and data set of the probes."""
    places = "name,label,municipality\n" + "\n".join(f"p{i},Place {i},m{i % 50}" for i in range(40_000))
    perception = (ROOT / "forms" / "ssr_perception.md").read_text("utf-8")
    files = {path.name: path.read_text("utf-8") for path in (ROOT / "forms").glob("*.csv")}
    return {
        "perception": phone_form(perception, **{name: text.encode() for name, text in files.items()}),
        "datasets": files,
        "wide": phone_form(wide_form()),
        "long": phone_form(LONG),
        "cascade": phone_form(CASCADE, **{"places.csv": places.encode()}),
        "choices": {"places.csv": places},
    }


class Quiet(SimpleHTTPRequestHandler):
    """Serves the project without a line for each request."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def in_chromium(material: dict[str, Any]) -> dict[str, list[float]]:
    """The probes in a page of Chromium whose processor is slowed down."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/tests/bench/"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(address + "measure.py")
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            call = "async ([address, forms]) => (await import(address)).probe(JSON.parse(forms))"
            found: dict[str, list[float]] = page.evaluate(call, [address + PROBE.name, json.dumps(material)])
            browser.close()
            return found
    finally:
        server.shutdown()


def under_node(material: dict[str, Any]) -> dict[str, list[float]]:
    """The probes under Node, at full speed."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "forms.json"
        path.write_text(json.dumps(material), "utf-8")
        found: dict[str, list[float]] = json.loads(subprocess.check_output(["node", str(PROBE), str(path)]))
        return found


def weight() -> tuple[float, float]:
    """Kilobytes over the wire, as served: what every form loads, and the families that some forms load besides."""
    modules = [each for each in read_assets().under("js/engine/") if each.path.endswith(".js")]
    sizes = {each.path: len(each.encodings.get("br", each.body)) / 1024 for each in modules}
    rare = sum(size for path, size in sizes.items() if "/families/" in path)
    return sum(sizes.values()) - rare, rare


def main() -> None:
    """Measure and print."""
    usual, rare = weight()
    measure("the engine's modules, as served", usual, "KB", "limit 20 KB")
    measure("families, loaded by the forms that call them, all together", rare, "KB")
    material = forms()
    for where, found in (("Node", under_node(material)), (f"Chromium {SLOWER}x", in_chromium(material))):
        for name, times in found.items():
            ordered = sorted(times)
            measure(f"{where}: {name}, median", statistics.median(ordered), "ms", f"limit {LIMITS[name]} ms at 6x")
            measure(f"{where}: {name}, 95th percentile", ordered[int(len(ordered) * 0.95)], "ms")


if __name__ == "__main__":
    main()
