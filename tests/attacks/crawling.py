"""Walks the office as a person does, by links and forms, and remembers every page and every form with its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from lxml import html
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter
from werkzeug.test import TestResponse

from tests.office.world import Browser

MOST_OF_A_KIND = 4


@dataclass
class SeenForm:
    """A form as a page has it: where it goes and what it would send if somebody pressed its button now."""

    page: str
    action: str
    method: str
    values: list[tuple[str, str]]


@dataclass
class Walk:
    """What was found."""

    pages: dict[str, TestResponse] = field(default_factory=dict)
    forms: list[SeenForm] = field(default_factory=list)
    endpoints: Counter[str] = field(default_factory=Counter)

    def documents(self) -> Iterator[tuple[str, html.HtmlElement]]:
        """The pages that are HTML, parsed as a browser would."""
        for path, answer in self.pages.items():
            if answer.mimetype == "text/html":
                yield path, html.document_fromstring(answer.text)


def walk(browser: Browser, *starts: str) -> Walk:
    """Every page that links lead to, a few of each kind."""
    found, waiting, known = Walk(), list(starts), set(starts)
    adapter = browser.app.url_map.bind("localhost")
    while waiting:
        path = waiting.pop(0)
        kind = _endpoint(adapter, path)
        if found.endpoints[kind] >= MOST_OF_A_KIND:
            continue
        found.endpoints[kind] += 1
        answer = browser.get(path)
        answer.get_data()
        answer.close()
        found.pages[path] = answer
        if answer.mimetype != "text/html" or answer.status_code >= 300:
            continue
        document = html.document_fromstring(answer.text)
        found.forms += [_read_form(path, form) for form in document.iter("form")]
        for link in document.iter("a"):
            target = urljoin(path, link.get("href", "")).partition("#")[0]
            if target not in known and urlsplit(target).path.startswith("/office") and not urlsplit(target).netloc:
                known.add(target)
                waiting.append(target)
    return found


def _endpoint(adapter: MapAdapter, path: str) -> str:
    try:
        return adapter.match(urlsplit(path).path)[0]
    except HTTPException:
        return "(none)"


def _read_form(page: str, form: html.HtmlElement) -> SeenForm:
    values: list[tuple[str, str]] = []
    for control in form.iter("input", "select", "textarea", "button"):
        values += _values(control)
    return SeenForm(page, urljoin(page, form.get("action") or page), form.get("method", "get").lower(), values)


def _values(control: html.HtmlElement) -> list[tuple[str, str]]:
    """What it would send: the first that may be chosen where nothing is, something where nothing was typed."""
    name = control.get("name")
    if not name or name == "proof" or control.get("type") == "file":
        return []
    if control.tag == "select":
        options = [option.get("value", option.text or "") for option in control.iter("option")]
        chosen = [option.get("value", "") for option in control.iter("option") if option.get("selected") is not None]
        return [(name, (chosen or [each for each in options if each] or [""])[0])]
    if control.tag == "textarea":
        return [(name, (control.text or "").strip() or "razones")]
    told = control.get("value") or {"date": "2026-10-01", "number": "1"}.get(control.get("type", ""), "razones")
    return [(name, told)]
