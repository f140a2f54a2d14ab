"""The peers, built on the spot from npm into a folder outside the repository, as the smallest page that fills a form.

    python -m tests.bench.bench_phone --peers /tmp/peers

`enketo-core` gets the form transformed by `enketo-transformer`'s own style sheets; `@getodk/web-forms` reads the XForm.
Both are bundled and minified by esbuild, compressed with brotli and served from this machine like our own app. Nothing
of them becomes part of this program. Needs node, npm and a line.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
from lxml import etree

from survey_server.xlsform.workbook import read_workbook
from tests.bench.forms import survey40
from tests.bench.visits import Adapter, Step

ENKETO = "9.0.1"
WEB_FORMS = "0.22.0"
PAGE = (
    '<!doctype html><html lang="es"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '{links}<link rel="modulepreload" href="entry.js"></head>'
    '<body><div id="app"></div><script type="module" src="entry.js"></script></body></html>'
)
ODK_ENTRY = """
import { createApp } from 'vue';
import { OdkWebForm, webFormsPlugin } from '@getodk/web-forms';
const formXml = await (await fetch('form.xml')).text();
const fetchFormAttachment = (url) => fetch(String(url).replace(/^jr:\\/\\/[^/]+\\//, ''));
createApp(OdkWebForm, { formXml, fetchFormAttachment, missingResourceBehavior: 'BLANK', submissionMaxSize: Infinity })
  .use(webFormsPlugin).mount('#app');
"""
ENKETO_ENTRY = """
import { Form } from 'enketo-core';
const { form, model } = await (await fetch('form.json')).json();
document.querySelector('#app').innerHTML = form;
new Form(document.querySelector('form.or'), { modelStr: model, external: [] }, {}).init();
"""
ENKETO_PARTS = {
    "enketo/config": "config.js",
    "enketo/widgets": "src/js/widgets.js",
    "enketo/translator": "src/js/fake-translator.js",
    "enketo/dialog": "src/js/fake-dialog.js",
    "enketo/file-manager": "src/js/file-manager.js",
    "enketo/xpath-evaluator-binding": "src/js/xpath-evaluator-binding.js",
}
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
FIRST_QUESTION = (Step("input:not([disabled]):not([type=hidden]), .p-radiobutton, .p-select"),)


def build_peers(folder: Path) -> list[Adapter]:
    """Both peers with the form of forty questions, served until the program ends."""
    xform = read_workbook(survey40().encode(), "survey40.md").xform
    pages = {"enketo-core": _build_enketo(folder / "enketo", xform), "ODK Web Forms": _build_odk(folder / "odk", xform)}
    return [Adapter(name, f"{serve(page)}/", FIRST_QUESTION) for name, page in pages.items()]


def serve(folder: Path) -> str:
    """The files of a folder, compressed once, at the address that is returned."""
    files = {f"/{path.name}": (path, path.read_bytes()) for path in folder.iterdir()}
    dense = {name: (path, brotli.compress(body, quality=9)) for name, (path, body) in files.items()}
    dense["/"] = dense["/index.html"]

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, body = dense.get(self.path, (Path("none.html"), b""))
            self.send_response(200 if self.path in dense else 404)
            headers = {"Content-Type": TYPES.get(path.suffix, "application/xml"), "Content-Length": str(len(body))}
            for name, value in {**headers, "Content-Encoding": "br", "Cache-Control": "max-age=31536000"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = 0, size: int | str = 0) -> None:
            """Nobody reads along."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def _build_odk(folder: Path, xform: bytes) -> Path:
    out = _bundle(folder, ODK_ENTRY, {"@getodk/web-forms": WEB_FORMS, "vue": "3"})
    (out / "form.xml").write_bytes(xform)
    (out / "index.html").write_text(PAGE.format(links=""))
    return out


def _build_enketo(folder: Path, xform: bytes) -> Path:
    # two of its own dependencies aren't on npm: the nearest versions that are stand in for them
    overrides = {"leaflet-draw": "1.0.4", "openrosa-xpath-evaluator": "3.1.0"}
    needed = {"enketo-core": ENKETO, "enketo-transformer": "1.43.0", "sass": "1"}
    aliases = [f"--alias:{name}=enketo-core/{path}" for name, path in ENKETO_PARTS.items()]
    out = _bundle(folder, ENKETO_ENTRY, needed, *aliases, "--loader:.png=dataurl", overrides=overrides)
    for sheet in (folder / "node_modules/enketo-core/src").rglob("*.scss"):  # paths of its own workshop
        sheet.write_text(sheet.read_text().replace("/packages/enketo-core/node_modules/", ""))
    theme = folder / "node_modules/enketo-core/src/sass/formhub/formhub.scss"
    sass = ["node_modules/.bin/sass", "--quiet", "--style=compressed", "--no-source-map", "--load-path=node_modules"]
    _run(folder, *sass, str(theme), "out/formhub.css")
    sheets = folder / "node_modules/enketo-transformer/src/xsl"
    document = etree.fromstring(xform)
    form = etree.XSLT(etree.parse(sheets / "openrosa2html5form.xsl"))(document).getroot()
    model = etree.XSLT(etree.parse(sheets / "openrosa2xmlmodel.xsl"))(document).getroot()
    parts = {
        "form": etree.tostring(form if form.tag == "form" else form.find("form"), encoding="unicode", method="html"),
        "model": etree.tostring(model[0], encoding="unicode"),
    }
    (out / "form.json").write_text(json.dumps(parts))
    (out / "index.html").write_text(PAGE.format(links='<link rel="stylesheet" href="formhub.css">'))
    return out


def _bundle(
    folder: Path, entry: str, needed: Mapping[str, str], *more: str, overrides: Mapping[str, str] | None = None
) -> Path:
    shutil.rmtree(folder / "out", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    package = {"private": True, "dependencies": {**needed, "esbuild": "*"}, "overrides": overrides or {}}
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "entry.js").write_text(entry)
    if not (folder / "node_modules/esbuild").exists():
        _run(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        _run(folder, "node", "node_modules/esbuild/install.js")
    flags = ["--bundle", "--minify", "--format=esm", "--splitting", "--outdir=out", "--log-level=error"]
    _run(folder, "node_modules/.bin/esbuild", "entry.js", *flags, '--define:process.env.NODE_ENV="production"', *more)
    return folder / "out"


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, timeout=600, stdout=subprocess.DEVNULL)
