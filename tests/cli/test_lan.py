"""A field office without the internet: an authority that vouches for its own network alone, and a page to trust it."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from playwright.sync_api import Playwright

from survey_server.lan import ensure_papers, is_local
from tests.browser.field import wait_until
from tests.chromium import CHROMIUM

HERE = ["192.168.1.10", "oficina.local"]


def load(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def verify(folder: Path, name: x509.GeneralName) -> None:
    leaf, *rest = load(folder / "server.crt")
    assert isinstance(name, x509.IPAddress | x509.DNSName)
    PolicyBuilder().store(Store(rest)).build_server_verifier(name).verify(leaf, [])


def test_it_vouches_for_this_office(tmp_path: Path) -> None:
    ensure_papers(tmp_path, HERE)
    verify(tmp_path, x509.DNSName("oficina.local"))


@pytest.mark.parametrize("foreign", ["banco.com.gt", "8.8.8.8"])
def test_it_cannot_vouch_for_anybody_else(tmp_path: Path, foreign: str) -> None:
    ensure_papers(tmp_path, [foreign])
    name = x509.DNSName(foreign) if foreign[0].isalpha() else load(tmp_path / "server.crt")[0]
    with pytest.raises(VerificationError):
        if isinstance(name, x509.DNSName):
            verify(tmp_path, name)
        else:
            names = name.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            verify(tmp_path, next(iter(names)))


def test_it_keeps_its_authority_and_renews_what_no_longer_fits(tmp_path: Path) -> None:
    ensure_papers(tmp_path, HERE)
    authority, certificate = load(tmp_path / "authority.crt"), load(tmp_path / "server.crt")[0]
    ensure_papers(tmp_path, HERE)
    assert load(tmp_path / "server.crt")[0] == certificate
    ensure_papers(tmp_path, [*HERE, "10.0.0.7"])
    moved = load(tmp_path / "server.crt")[0]
    ensure_papers(tmp_path, HERE, datetime.now(UTC) + timedelta(days=380))
    assert len({certificate, moved, load(tmp_path / "server.crt")[0]}) == 3
    assert load(tmp_path / "authority.crt") == authority
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.glob("*.key"))


def test_it_renews_a_certificate_whose_key_was_written_when_the_power_went(tmp_path: Path) -> None:
    """Browsers would refuse the pair."""
    papers = ensure_papers(tmp_path, HERE)
    certificate = papers.certificate.read_bytes()
    papers.key.write_bytes(ensure_papers(tmp_path / "other", HERE).key.read_bytes())
    ensure_papers(tmp_path, HERE)
    assert papers.certificate.read_bytes() != certificate
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(papers.certificate, papers.key)


@pytest.mark.parametrize(
    ("address", "local"), [("192.168.0.3", True), ("x.local", True), ("8.8.8.8", False), ("a.com", False)]
)
def test_it_knows_what_is_local(address: str, local: bool) -> None:
    assert is_local(address) is local


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def office(tmp_path: Path) -> Iterator[tuple[int, int, Path]]:
    """The command itself, on free ports: (port of the app, port of the trust page, its data)."""
    port, trust = free_port(), free_port()
    run = "from survey_server.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        run,
        "lan",
        "--address",
        "127.0.0.1",
        "--port",
        str(port),
        "--trust-port",
        str(trust),
    ]
    environment = {**os.environ, "SURVEY_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as server:
        assert server.stdout is not None
        said = b""
        while b"Started worker" not in said:
            line = server.stdout.readline()
            assert line, said.decode()
            said += line
        wait_until(lambda: answers(trust) and answers(port), "both ports to answer", 60)
        yield port, trust, tmp_path
        os.killpg(server.pid, signal.SIGKILL)


@pytest.mark.browser
def test_it_serves_an_app_that_can_work_offline_to_whoever_trusts_it(
    office: tuple[int, int, Path], playwright: Playwright, tmp_path: Path
) -> None:
    port, trust, data = office
    page = urllib.request.urlopen(f"http://127.0.0.1:{trust}/", timeout=10).read().decode()
    given = urllib.request.urlopen(f"http://127.0.0.1:{trust}/servidor-local.crt", timeout=10).read()
    assert given == (data / "lan" / "authority.crt").read_bytes()
    assert f"https://127.0.0.1:{port}" in page
    trusting = ssl.create_default_context(cadata=given.decode())
    url = f"https://127.0.0.1:{port}/"
    with urllib.request.urlopen(url, context=trusting, timeout=30) as answer:
        assert answer.headers["Strict-Transport-Security"]
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(url, timeout=10)
    key = load(data / "lan" / "server.crt")[0].public_key()
    pin = _pin(key)
    context = playwright.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=CHROMIUM,
        args=["--no-sandbox", f"--ignore-certificate-errors-spki-list={pin}"],
    )
    tab = context.new_page()
    tab.goto(url)
    assert tab.evaluate("navigator.serviceWorker.ready.then(() => isSecureContext)")
    context.close()


def _pin(key: object) -> str:
    assert isinstance(key, EllipticCurvePublicKey)
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()
