"""Waiting for what a page shows, also where its policy forbids evaluating text between two frames."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Error, Page

STEP_MS = 50


def wait_for_script(page: Page, expression: str, *, arg: object = None, timeout: float = 90_000) -> Any:
    """Return the value of `expression` once it is true; raises AssertionError after `timeout` milliseconds.

    Playwright's own wait evaluates its text inside the page, which `script-src 'self'` refuses from the second look on.
    """
    end = time.monotonic() + timeout / 1000
    while time.monotonic() < end:
        found = _look(page, expression, arg)
        if found:
            return found
        page.wait_for_timeout(STEP_MS)
    raise AssertionError(f"not true after {timeout / 1000:.0f} s: {expression}")


def _look(page: Page, expression: str, arg: object) -> Any:
    try:
        return page.evaluate(expression, arg)
    except Error as error:
        if "context was destroyed" in error.message or "Cannot find context" in error.message:
            return None  # the page was loaded anew meanwhile
        raise
