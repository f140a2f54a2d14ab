"""`.ci/audit`, the end of `make check`: it fails when a pinned package has a known hole, and says when nobody told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).resolve().parents[1] / ".ci" / "audit"
HOLE = {"id": "PYSEC-2026-1", "fix_versions": ["1.2"]}
WHOLE: dict[str, Any] = {"name": "sound", "version": "1.0", "vulns": []}
HOLED = {"name": "holed", "version": "1.1", "vulns": [HOLE]}
SKIPPED = {"name": "absent", "skip_reason": "not found"}
ASKED = """#!/bin/sh
# Tells what is in the file of the service that is asked, as pip-audit would.
while [ $# -gt 0 ]; do
  case $1 in --output) output=$2 ;; --vulnerability-service) service=$2 ;; esac
  shift
done
cat "$(dirname "$0")/$service.json" > "$output"
"""


@pytest.mark.parametrize(
    ("pypi", "osv", "status", "said"),
    [
        ([WHOLE, HOLED], [WHOLE], 1, "holed 1.1: PYSEC-2026-1, fixed in 1.2"),
        ([WHOLE, SKIPPED], [WHOLE, HOLED], 1, "holed 1.1"),
        (None, [WHOLE], 0, "No known holes in 1 packages."),
        ([SKIPPED], None, 0, "NOT AUDITED"),
    ],
)
def test_it_fails_for_a_known_hole_and_says_so_when_nobody_could_be_asked(
    tmp_path: Path, pypi: list[dict[str, Any]] | None, osv: list[dict[str, Any]] | None, status: int, said: str
) -> None:
    tools, script = tmp_path / ".venv" / "bin", tmp_path / ".ci" / "audit"
    tools.mkdir(parents=True)
    script.parent.mkdir()
    shutil.copy(AUDIT, script)
    (tools / "python").symlink_to(sys.executable)
    (tools / "pip-audit").write_text(ASKED)
    (tools / "pip-audit").chmod(0o755)
    for service, told in (("pypi", pypi), ("osv", osv)):
        if told is not None:
            (tools / f"{service}.json").write_text(json.dumps({"dependencies": told}))
    answer = subprocess.run([script], capture_output=True, text=True, check=False)
    assert (answer.returncode, said in answer.stdout + answer.stderr) == (status, True)
