"""The container: opened whole by its key alone, refused for any bit that isn't as it was sealed."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from survey_server.problems import BrokenSeal, ForeignSeal, KeyUnusable, NotAKeyFile, Problem, WrongPassphrase
from survey_server.sealing import (
    KeyFile,
    fingerprint,
    is_envelope,
    make_key,
    open_envelope,
    public_half,
    read_header,
    read_key_file,
    read_public,
    read_public_file,
    read_statement,
    seal,
    sign_statement,
    unwrap,
    wrap,
    write_key_file,
)

KEY = make_key()
LIMIT = 1_000_000
ENVELOPE = seal(b"<data>lo dicho</data>" * 20, KEY, id="uuid:1", form="f", version="1", wave="7")


@given(st.binary(max_size=5000))
@settings(max_examples=50, deadline=None)
def test_it_gives_back_what_was_sealed(content: bytes) -> None:
    assert open_envelope(seal(content, KEY), KEY, LIMIT).content == content


@given(st.integers(0, len(ENVELOPE) * 8 - 1))
@settings(max_examples=400, deadline=None)
def test_it_refuses_an_envelope_with_any_bit_flipped(bit: int) -> None:
    damaged = bytearray(ENVELOPE)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        opened = open_envelope(bytes(damaged), KEY, LIMIT)
    except (BrokenSeal, ForeignSeal):
        return
    # The last sign of a base64 part has bits that mean nothing: then nothing of the meaning may have changed.
    assert (opened.content, opened.header["id"]) == (b"<data>lo dicho</data>" * 20, "uuid:1")
    assert bit // 8 in {ENVELOPE.index(b"..") - 1, *(i - 1 for i, one in enumerate(ENVELOPE) if one == ord("."))} | {
        len(ENVELOPE) - 1
    }


@given(st.integers(0, len(ENVELOPE) - 1))
@settings(max_examples=100, deadline=None)
def test_it_refuses_an_envelope_that_breaks_off(length: int) -> None:
    with pytest.raises((BrokenSeal, ForeignSeal)):
        open_envelope(ENVELOPE[:length], KEY, LIMIT)


@given(st.binary(max_size=300) | st.from_regex(rb"eyJ[A-Za-z0-9_.-]{0,200}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_it_refuses_whatever_is_no_envelope(content: bytes) -> None:
    with pytest.raises((BrokenSeal, ForeignSeal)):
        open_envelope(content, KEY, LIMIT)


def test_it_opens_nothing_with_another_key() -> None:
    with pytest.raises(ForeignSeal):
        open_envelope(ENVELOPE, make_key(), LIMIT)


def test_it_unpacks_no_more_than_it_is_allowed() -> None:
    with pytest.raises(BrokenSeal):
        open_envelope(seal(b"0" * 100_000, KEY), KEY, 99_999)


def test_it_reads_the_words_on_an_envelope_without_a_key() -> None:
    assert {name: read_header(ENVELOPE)[name] for name in ("id", "form", "version", "wave")} == {
        "id": "uuid:1",
        "form": "f",
        "version": "1",
        "wave": "7",
    }


def test_it_tells_envelopes_from_documents() -> None:
    assert is_envelope(ENVELOPE)
    assert not is_envelope(b'<data id="eyJ."/>')


def test_it_shows_a_key_as_eight_groups_of_its_fingerprint() -> None:
    # the example of RFC 7638 has this thumbprint
    assert fingerprint("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs") == "3736 CBB1 787C B830 9C77 EE8C 3705 C5E1"


def test_it_believes_only_what_the_office_key_signed() -> None:
    office = make_key()
    statement = sign_statement(office, KEY, "frontera")
    assert read_statement(statement, office) == {"kid": KEY.thumbprint(), "programme": "frontera"}
    with pytest.raises(NotAKeyFile):
        read_statement(statement, make_key())


def test_it_unwraps_a_private_key_only_with_the_same_secret_and_place() -> None:
    wrapped = wrap(KEY, "secreto", "1|a")
    assert unwrap(wrapped, "secreto", "1|a").thumbprint() == KEY.thumbprint()
    for secret, about in (("otro", "1|a"), ("secreto", "2|a")):
        with pytest.raises(KeyUnusable):
            unwrap(wrapped, secret, about)


def test_it_keeps_the_private_halves_of_a_key_file_under_the_passphrase() -> None:
    keys = make_file()
    text = write_key_file(keys, "cinco palabras que nadie adivina")
    assert all(
        str(one["d"]) not in text for one in (keys.sealing.as_dict(private=True), keys.office.as_dict(private=True))
    )
    read = read_key_file(text, " cinco palabras que nadie adivina\n")
    assert (read.sealing.thumbprint(), read.office.thumbprint()) == (
        keys.sealing.thumbprint(),
        keys.office.thumbprint(),
    )
    with pytest.raises(WrongPassphrase):
        read_key_file(text, "otra cosa")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": "survey-key"}', '{"format": "survey-key", "box": {"salt": 1}}']
)
def test_it_says_what_is_no_key_file(text: str) -> None:
    for read in (lambda: read_key_file(text, "x"), lambda: read_public_file(text)):
        with pytest.raises(NotAKeyFile):
            read()


def test_it_takes_no_public_half_whose_fingerprint_is_anothers() -> None:
    told: dict[str, Any] = json.loads(json.dumps(make_file().public()))
    told["sealing"]["kid"] = KEY.thumbprint()
    with pytest.raises(Problem):
        read_public_file(json.dumps(told))


def test_it_takes_no_point_that_is_not_on_the_curve() -> None:
    with pytest.raises(NotAKeyFile):
        read_public({**public_half(KEY), "x": "AAAA"})


def make_file() -> KeyFile:
    sealing: ECKey = make_key()
    office = make_key()
    return KeyFile("frontera", sealing, office, [sign_statement(office, sealing, "frontera")])


def test_it_makes_another_seal_of_the_same_interview_each_time() -> None:
    content = os.urandom(100)
    assert len({seal(content, KEY) for _ in range(20)}) == 20
