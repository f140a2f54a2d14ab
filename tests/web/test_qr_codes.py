"""The phone's QR codes are those of an independent encoder, module by module; its short codes catch slips."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import segno

ROOM = Path(__file__).resolve().parents[2] / "static" / "js" / "rooms" / "field"
NODE = shutil.which("node") or "node"


def run(script: str) -> object:
    """What a module script prints as JSON."""
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True, cwd=ROOM
    )
    return json.loads(done.stdout)


def drawn(text: str, mask: int | None) -> list[list[int]]:
    script = f"""
      import {{ qrOf }} from '{ROOM}/qr.js';
      const rows = qrOf({json.dumps(text)}, {{ mask: {json.dumps(mask)} }});
      console.log(JSON.stringify(rows.map((row) => row.map(Number))));
    """
    found = run(script)
    assert isinstance(found, list)
    return found


FULL = [14, 26, 42, 62, 84, 106, 122, 152, 180, 213]
"""As many bytes as fit a code of version 1, 2, ... 10: no room is left to fill up, which encoders do differently."""


@pytest.mark.parametrize("length", FULL)
@pytest.mark.parametrize("mask", range(8))
def test_it_draws_every_module_where_another_encoder_does(length: int, mask: int) -> None:
    text = ("EP1|K7Q2M|1|OB007|GTP01|GT17|GT|2|3|ssr_observer" * 5)[:length]
    wanted = segno.make(text, mode="byte", error="m", boost_error=False, mask=mask, micro=False)
    assert wanted.version == FULL.index(length) + 1
    assert drawn(text, mask) == [list(row) for row in wanted.matrix]


def test_it_chooses_one_of_the_eight_masks_for_itself() -> None:
    assert drawn("x" * 14, None) in [drawn("x" * 14, mask) for mask in range(8)]


@pytest.mark.parametrize("text", ["a", "é ñ ü", "K7Q2M", "x" * 13])
def test_it_fills_a_short_text_up_as_the_standard_says(text: str) -> None:
    body = text.encode()
    said = f"0100{len(body):08b}" + "".join(f"{byte:08b}" for byte in body) + "0000"
    words = [int(said[at : at + 8], 2) for at in range(0, len(said), 8)]
    padded = (words + [0xEC, 0x11] * 8)[:16]
    assert read_words(drawn(text, 0))[:16] == padded


def read_words(matrix: list[list[int]]) -> list[int]:
    """The words of a code of version 1 with mask 0, read as a reader does: up and down in columns of two."""
    bits = []
    columns = [20, 18, 16, 14, 12, 10, 8, 5, 3, 1]
    for place, right in enumerate(columns):
        rows = range(21) if place % 2 else range(20, -1, -1)
        for y, x in ((y, x) for y in rows for x in (right, right - 1)):
            corner = (y < 9 and (x < 9 or x > 12)) or (y > 12 and x < 9)
            if not corner and 6 not in (y, x):
                bits.append(matrix[y][x] ^ ((y + x) % 2 == 0))
    return [int("".join(str(int(bit)) for bit in bits[at : at + 8]), 2) for at in range(0, len(bits), 8)]


def test_it_refuses_what_is_too_long() -> None:
    script = f"""
      import {{ qrOf }} from '{ROOM}/qr.js';
      let found = false;
      try {{ qrOf('x'.repeat(214)); }} catch (error) {{ found = error instanceof RangeError; }}
      console.log(found);
    """
    assert run(script) is True


def read(*texts: str) -> list[object]:
    script = f"""
      import {{ readPair }} from '{ROOM}/code.js';
      console.log(JSON.stringify({json.dumps(texts)}.map((text) => readPair(text))));
    """
    found = run(script)
    assert isinstance(found, list)
    return found


def test_it_reads_the_codes_that_it_writes() -> None:
    script = f"""
      import {{ newVisitCode, readPair, writePair, writeShort }} from '{ROOM}/code.js';
      const wrong = [];
      for (let n = 1; n < 100; n += 1) {{
        const pair = {{ visit: newVisitCode(), encounter: n, observer: `OB${{String(n + 100)}}`, post: 'GTP01',
          department: 'GT17', country: 'GT', wave: '2', mode: '3', form: 'ssr_observer' }};
        const long = readPair(writePair(pair));
        const {{ visit, encounter, observer }} = readPair(writeShort(pair).toLowerCase().replaceAll('-', ' '));
        if (JSON.stringify(long) !== JSON.stringify(pair)) wrong.push(pair);
        if (visit !== pair.visit || encounter !== n || observer !== pair.observer) wrong.push(pair);
      }}
      console.log(JSON.stringify(wrong));
    """
    assert run(script) == []


def test_it_catches_one_wrong_letter_and_two_that_changed_places() -> None:
    script = f"""
      import {{ readPair, writeShort }} from '{ROOM}/code.js';
      const good = writeShort({{ visit: 'K7Q2M', encounter: 1, observer: 'OB007' }});
      let missed = 0, tried = 0;
      for (let at = 0; at < good.length; at += 1) {{
        if (good[at] === '-') continue;
        for (const other of 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789') {{
          if (other === good[at]) continue;
          tried += 1;
          if (readPair(good.slice(0, at) + other + good.slice(at + 1))) missed += 1;
        }}
      }}
      console.log(JSON.stringify([good, missed, tried, readPair(good.replace('K7', '7K'))]));
    """
    good, missed, tried, swapped = run(script)  # type: ignore[misc]
    assert good.startswith("K7Q2M-01-007-")
    assert swapped is None
    assert missed / tried < 0.02


@pytest.mark.parametrize(
    "text", ["", "hello", "https://example.org/#enrol=1-abc", "EP1|K7Q2M|0|OB007||||||", "EP1|x", "K7Q2M-01-007-"]
)
def test_it_takes_nothing_else_for_a_code(text: str) -> None:
    assert read(text) == [None]
