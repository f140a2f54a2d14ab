"""The server's log: lines for people, or one JSON object a line; never an answer, a name, a token or an address."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

FIELDS = "survey_fields"
"""What a line carries beside its text: `logger.info("request", extra={FIELDS: {"route": ...}})`."""


class JsonLines(logging.Formatter):
    """One JSON object a line: `at`, `level`, `event`, and the fields that the line carries."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for `record`. An exception's own text stays out: it may quote what was being processed."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


def logging_setup(kind: str) -> dict[str, Any]:
    """The set-up for `logging.config.dictConfig`; `kind` is "text" or "json"."""
    text = {"format": "%(asctime)s %(levelname)s %(message)s"}
    formatter = text if kind == "text" else {"()": f"{JsonLines.__module__}.{JsonLines.__qualname__}"}
    logger = {"handlers": ["console"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"generic": formatter},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stdout"}
        },
        "loggers": {"_granian": logger, "survey_server": logger},
    }
