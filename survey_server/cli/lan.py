"""`survey-server lan`: serve a field office without the internet, by HTTPS that its phones trust."""

from __future__ import annotations

import html
import os
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from threading import Thread
from typing import Any

import click
import segno

from survey_server.cli.serve import Serving, run_server
from survey_server.config import Config
from survey_server.db.migrate import migrate
from survey_server.lan import ensure_papers, fingerprint_of, is_local
from survey_server.problems import BadSetting

_PAGE = Path(__file__).parent.parent / "templates" / "lan" / "trust.html"


@click.command()
@click.option(
    "--address", "addresses", multiple=True, help="This machine's address in the office's network; else found."
)
@click.option("--port", default=8443, show_default=True, help="For the app, by HTTPS.")
@click.option("--trust-port", default=8080, show_default=True, help="For the page where phones get the certificate.")
def lan(addresses: tuple[str, ...], port: int, trust_port: int) -> None:
    """Serve the office's own network by HTTPS, with an authority of its own that phones trust once by a QR code."""
    here = list(addresses) or find_addresses()
    if not here or not all(is_local(one) for one in here):
        raise BadSetting(f"{here or 'No address'}: name a private IPv4 address of this machine with --address.")
    os.environ.setdefault("SURVEY_BASE_URL", f"https://{here[0]}:{port}")
    config = Config.from_environment()
    papers = ensure_papers(config.data_dir / "lan", [*here, "127.0.0.1"])
    migrate(config.database_url)
    page = f"http://{here[0]}:{trust_port}/"
    fingerprint = fingerprint_of(papers.authority)
    serve_trust(papers.authority, config.base_url, fingerprint, trust_port)
    click.echo(f"1. Once per phone, to trust this server:  {page}\n")
    segno.make(page, error="l").terminal(compact=True)
    click.echo(f"\n   Fingerprint of the certificate:  {fingerprint}")
    click.echo(f"2. The app:     {config.base_url}/\n   The office:  {config.base_url}/office/\n")
    run_server(Serving("0.0.0.0", port), papers.certificate, papers.key)  # noqa: S104 - the whole network is meant


def find_addresses() -> list[str]:
    """This machine's private addresses, that of the way out first."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing: the system only chooses the way
        found.append(str(probe.getsockname()[0]))
    with suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    return [one for one in dict.fromkeys(found) if is_local(one) and not one.startswith("127.")]


def serve_trust(authority: Path, base_url: str, fingerprint: str, port: int) -> ThreadingHTTPServer:
    """A page by plain HTTP with the certificate to trust and how; it serves nothing else."""
    certificate = authority.read_bytes()
    page = Template(_PAGE.read_text(encoding="utf-8")).substitute(
        address=html.escape(base_url), fingerprint=fingerprint
    )

    class TrustPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/servidor-local.crt":
                self._answer(certificate, "application/x-x509-ca-cert")
            elif self.path == "/":
                self._answer(page.encode(), "text/html; charset=utf-8")
            else:
                self.send_error(404)

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Who trusts this server is nobody's business."""

    server = ThreadingHTTPServer(("0.0.0.0", port), TrustPage)  # noqa: S104 - the whole network is meant
    Thread(target=server.serve_forever, daemon=True, name="trust-page").start()
    return server
