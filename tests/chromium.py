"""The browser that tests drive: the system's Chromium where there is one, else the one that Playwright brings."""

import shutil

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
