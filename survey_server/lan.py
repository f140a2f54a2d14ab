"""HTTPS without the internet: a certificate authority of one field office, which can vouch for its own network alone.

Browsers keep offline pages and service workers to HTTPS, so phones have to trust this authority once. It is limited
(RFC 5280 name constraints) to private addresses and names ending in .local: whoever steals its key can't stand in for
any other site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from survey_server.disk import write_in_place

NETWORKS = tuple(
    IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")
)
_AUTHORITY_YEARS = 10
_DAYS = 397
"""Longer than this no browser believes a server's certificate."""
_RENEW = timedelta(days=30)


@dataclass(frozen=True)
class Papers:
    """The files of one office: its authority's certificate, for phones, and the server's certificate and key."""

    authority: Path
    certificate: Path
    key: Path


def is_local(address: str) -> bool:
    """Whether the authority may vouch for this address or name."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address.endswith(".local")
    return isinstance(parsed, IPv4Address) and any(parsed in network for network in NETWORKS)


def ensure_papers(folder: Path, addresses: Sequence[str], at: datetime | None = None) -> Papers:
    """The papers in `folder` for these addresses: the authority made once, the certificate when it no longer fits."""
    at = at or datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    papers = Papers(folder / "authority.crt", folder / "server.crt", folder / "server.key")
    if not papers.authority.exists():
        _make_authority(folder, at)
    if not _fits(papers, addresses, at):
        _make_certificate(folder, papers, addresses, at)
    return papers


def fingerprint_of(certificate: Path) -> str:
    """The SHA-256 of a certificate, as phones show it: "9F:2C:…"."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex(":").upper()


def _fits(papers: Papers, addresses: Sequence[str], at: datetime) -> bool:
    """Whether the certificate is for these addresses, lasts, and is that of the key, which is written before it."""
    if not (papers.certificate.exists() and papers.key.exists()):
        return False
    certificate = x509.load_pem_x509_certificates(papers.certificate.read_bytes())[0]
    if serialization.load_pem_private_key(papers.key.read_bytes(), None).public_key() != certificate.public_key():
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(one.value) for one in names}
    return set(addresses) <= known and certificate.not_valid_after_utc - _RENEW > at


def _make_authority(folder: Path, at: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Servidor local {at:%Y-%m-%d}")])
    allowed: list[x509.GeneralName] = [x509.IPAddress(network) for network in NETWORKS]
    certificate = (
        _builder(name, name, key, at, timedelta(days=365 * _AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.NameConstraints([*allowed, x509.DNSName("local")], None), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / "authority.key", key)
    write_in_place(folder / "authority.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _make_certificate(folder: Path, papers: Papers, addresses: Sequence[str], at: datetime) -> None:
    authority = x509.load_pem_x509_certificate(papers.authority.read_bytes())
    signer = serialization.load_pem_private_key((folder / "authority.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Encuesta de servicios")])
    certificate = (
        _builder(name, authority.subject, key, at, timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(one) for one in addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    _write_key(papers.key, key)
    pem = serialization.Encoding.PEM
    write_in_place(papers.certificate, certificate.public_bytes(pem) + authority.public_bytes(pem))


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, at: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    day_before = at - timedelta(days=1)  # phones' clocks
    return x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), day_before, at + lasts)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    write_in_place(path, key.private_bytes(encoding, kind, serialization.NoEncryption()))
