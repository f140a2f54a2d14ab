"""What machines ask of a server: is it alive, can it take interviews, how does it do. Nothing personal in it."""

from __future__ import annotations

import hmac
import logging
import time

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest

from survey_server.logs import FIELDS
from survey_server.problems import PageNotHere, Problem
from survey_server.web.access import get_config, get_database

health = Blueprint("health", __name__)
logger = logging.getLogger("survey_server")

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_QUIET = {"/healthz", "/readyz", "/metrics"}


class Figures:
    """The counters of one server process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "survey_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "survey_request_seconds", "Time to an answer", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.receipts = Counter(
            "survey_receipts", "Interviews answered, by status", ["door", "status"], registry=self.registry
        )
        ProcessCollector(registry=self.registry)


def watch(app: Flask) -> None:
    """Count every request of `app`, and log it where the log is made for machines."""
    app.extensions["figures"] = Figures()
    app.before_request(_begin)
    app.after_request(_end)


def count_receipts(door: str, statuses: list[int]) -> None:
    """Count what interviews were answered with."""
    figures: Figures = current_app.extensions["figures"]
    for status in statuses:
        figures.receipts.labels(door, str(status)).inc()


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "(none)"
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    if route in _QUIET:
        return response
    figures: Figures = current_app.extensions["figures"]
    figures.requests.labels(route, str(response.status_code)).inc()
    figures.seconds.labels(route).observe(seconds)
    if get_config().log == "json":
        told = {
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
        }
        logger.info("request", extra={FIELDS: told})
    return response


@health.get("/healthz")
def healthz() -> Response:
    """Alive: this process answers. Restart it when it doesn't."""
    return _plain("alive\n")


@health.get("/readyz")
def readyz() -> Response:
    """Ready: the database answers, and can be written. Send it nothing while it says 503."""
    try:
        get_database().check_ready()
    except Problem as problem:
        logger.warning("not ready: %s", problem.code)
        answer = _plain(f"not ready: {problem.code}\n")
        answer.status_code = 503
        return answer
    return _plain("ready\n")


@health.get("/metrics")
def metrics() -> Response:
    """Prometheus' text format, for who knows SURVEY_METRICS_TOKEN; without the setting there is no such page."""
    token = get_config().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise PageNotHere()
    figures: Figures = current_app.extensions["figures"]
    return Response(generate_latest(figures.registry), content_type="text/plain; version=0.0.4; charset=utf-8")


def _plain(words: str) -> Response:
    return Response(words, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
