"""Clients that others wrote: requests with its own multipart and Digest, and curl with its own of both."""

from __future__ import annotations

import subprocess
from pathlib import Path

import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from tests.openrosa.field import Collect, interview, new_id
from tests.openrosa.stored import files, submissions
from tests.openrosa.test_signing_in import account

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 900
VERSION = {"X-OpenRosa-Version": "1.0"}


def parts(instance_id: str, name: str) -> dict[str, tuple[str, bytes, str]]:
    return {
        "xml_submission_file": ("data.xml", interview(instance_id, photo=name), "text/xml"),
        name: (name, PHOTO, "image/jpeg"),
    }


def test_it_serves_requests_with_a_key_with_digest_and_with_basic(collect: Collect) -> None:
    server, user = f"http://127.0.0.1:{collect.server.port}", account(collect)
    signed = f"{server}/v1/projects/{collect.code}"
    for base, auth in (
        (f"{server}{collect.path}", None),
        (signed, HTTPDigestAuth(*user)),
        (signed, HTTPBasicAuth(*user)),
    ):
        assert requests.get(f"{base}/formList", auth=auth, timeout=30).status_code == 200
        assert requests.head(f"{base}/submission", auth=auth, headers=VERSION, timeout=30).status_code == 204
        instance_id = new_id()
        sent = requests.post(
            f"{base}/submission", files=parts(instance_id, "fotó 1.jpg"), auth=auth, headers=VERSION, timeout=30
        )
        assert sent.status_code == 201, sent.text
        assert list(files(collect, instance_id)) == ["fotó 1.jpg"]
    assert len(submissions(collect)) == 3


def test_it_serves_curl_with_digest_and_in_chunks(collect: Collect, tmp_path: Path) -> None:
    user, password = account(collect)
    server = f"http://127.0.0.1:{collect.server.port}"
    (tmp_path / "1.jpg").write_bytes(PHOTO * 4)
    for base, words in (
        (f"{server}/v1/projects/{collect.code}", ["--digest", "-u", f"{user}:{password}"]),
        (f"{server}{collect.path}", ["-H", "Transfer-Encoding: chunked"]),
    ):
        instance_id = new_id()
        (tmp_path / "data.xml").write_bytes(interview(instance_id, photo="1.jpg"))
        parts = ["-F", "xml_submission_file=@data.xml;type=text/xml", "-F", "1.jpg=@1.jpg"]
        told = ["curl", "-s", "-m", "30", "-w", "%{http_code}", *parts, "-H", "X-OpenRosa-Version: 1.0", *words]
        done = subprocess.run([*told, f"{base}/submission"], capture_output=True, check=True, cwd=tmp_path)
        assert done.stdout.decode().endswith("201"), done.stdout
        assert files(collect, instance_id)["1.jpg"].size == len(PHOTO) * 4
