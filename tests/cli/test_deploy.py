"""What is printed for systemd and Caddy is what they accept."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from survey_server.cli import cli


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["deploy", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_it_prints_a_unit_that_systemd_accepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path))
    unit = tmp_path / "survey-server.service"
    unit.write_text(printed("unit", "--site", "encuesta.example.org", "--user", "root"))
    assert f"ReadWritePaths={tmp_path}" in unit.read_text()
    assert "$" not in unit.read_text().replace("$MAINPID", "")
    if analyze := shutil.which("systemd-analyze"):  # where there is no systemd, the lines above have to do
        done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, timeout=60)
        assert [line for line in done.stderr.splitlines() if "survey-server" in line] == []


def test_it_prints_a_caddyfile_for_the_site_and_port() -> None:
    told = printed("caddyfile", "--site", "campo.example.org", "--port", "8123")
    assert "campo.example.org {" in told
    assert "reverse_proxy 127.0.0.1:8123" in told
    assert told.count("{") == told.count("}")
    assert "$" not in told
