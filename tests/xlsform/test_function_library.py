"""The function library: the same on both engines, refused by name with a cure, exact where exactness is promised."""

from __future__ import annotations

import base64

import pytest

from survey_server.cli.engine import run_in_node
from survey_server.xlsform.expressions.cases import evaluate_case, parse_case
from survey_server.xlsform.expressions.evaluate import check_arity
from survey_server.xlsform.expressions.expression import ExpressionProblem, parse_expression
from survey_server.xlsform.expressions.functions import CURES, LIBRARY, cure_for
from survey_server.xlsform.expressions.pattern import full_match
from survey_server.xlsform.expressions.signed import open_signed
from survey_server.xlsform.secondary import UnreadableDataSet, read_dataset

# RFC 8032, section 7.1: public key, message, signature
SIGNED = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
        "55141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
]


@pytest.mark.parametrize("name", LIBRARY)
def test_it_refuses_too_few_and_too_many_arguments(name: str) -> None:
    function = LIBRARY[name]
    if function.least:
        with pytest.raises(ExpressionProblem):
            check_arity(function, function.least - 1)
    if function.most is not None:
        with pytest.raises(ExpressionProblem):
            check_arity(function, function.most + 1)


def test_it_says_what_to_write_instead_of_another_tools_function() -> None:
    assert all(name not in LIBRARY for name in CURES)
    assert "count(${repeat}[condition])" in cure_for("count-if")
    assert cure_for("sellected") == "Did you mean selected()?"


@pytest.mark.parametrize(("key", "message", "signature"), SIGNED)
def test_it_opens_only_what_the_key_signed(key: str, message: str, signature: str) -> None:
    signed = bytes.fromhex(signature + message)
    assert open_signed(signed, bytes.fromhex(key)) == bytes.fromhex(message)
    assert open_signed(signed + b"x", bytes.fromhex(key)) is None
    assert open_signed(signed, bytes.fromhex(SIGNED[0][0])[::-1]) is None


def test_it_extracts_signed_text_alike_on_both_engines() -> None:
    key, message, signature = SIGNED[1]
    signed = base64.b64encode(bytes.fromhex(signature + message)).decode()
    public = base64.b64encode(bytes.fromhex(key)).decode()
    cases = [
        {"id": 1, "expr": f"extract-signed('{signed}', '{public}')"},
        {"id": 2, "expr": f"extract-signed('A{signed}', '{public}')"},
        {"id": 3, "expr": "extract-signed('', '')"},
    ]
    expected = ["r", "", ""]
    assert [evaluate_case(case)["value"] for case in cases] == expected
    assert [r["value"] for r in run_in_node("xpath", [parse_case(case) for case in cases])] == expected


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("[0-9]{3}", "123", "1234"),
        ("(TR[0-9]{3}|NONE)", "NONE", "TR12"),
        ("a*b+c?", "bbc", "ac"),
        ("[^a-c]+", "xyz", "xaz"),
        (r"\w+@\w+\.\w{2,3}", "a@b.gt", "a@b.g"),
        (r"(?i)abc", "ABC", "abd"),
        (r"(?=.*\d)(?=.*[a-z]).{4,}", "abc1", "abcd"),
        (r"(?!no).*", "yes", "nope"),
        (r"\p{Lu}\p{Ll}*", "Ñandú", "ñandú"),
        (r"[\s\S]*[0-9]{4}[ -]?[0-9]{4,}[\s\S]*", "llame al 5555-1234\nya", "nada"),
        (r"a|bc|", "", "abc"),
        (r"\Qa.b\E", "a.b", "axb"),
        (r"x{0,2}", "xx", "xxx"),
        (r"[]a]+", "]a", "b"),
        (r"^\bword\b$", "word", "words"),
        (r".", "😀", "\n"),
    ],
)
def test_it_matches_the_whole_text(pattern: str, yes: str, no: str) -> None:
    assert full_match(yes, pattern)
    assert not full_match(no, pattern)


def test_it_parses_a_number_followed_by_an_operator_name() -> None:
    assert parse_expression("5div 2") == ["div", ["num", 5.0], ["num", 2.0]]


def test_it_keeps_names_with_hyphens_and_dots_in_one_piece() -> None:
    assert parse_expression("a-b.c") == ["path", ".", ["child", "a-b.c"]]
    assert parse_expression("a - b") == ["-", ["path", ".", ["child", "a"]], ["path", ".", ["child", "b"]]]


def test_it_takes_operator_names_for_names_where_an_operand_stands() -> None:
    assert parse_expression("div div div") == ["div", ["path", ".", ["child", "div"]], ["path", ".", ["child", "div"]]]
    assert parse_expression("* * *") == ["*", ["path", ".", ["child", "*"]], ["path", ".", ["child", "*"]]]


GEOJSON = b"""{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "f1",
 "geometry": {"type": "Point", "coordinates": [-90.5, 14.6]}, "properties": {"name": "A", "n": 3, "none": null}}]}"""


def test_it_reads_csv_xml_and_geojson_into_the_same_tree() -> None:
    csv = read_dataset("a.csv", b"\xef\xbb\xbfname;n\nA;3\n\nB\n")
    xml = read_dataset("a.xml", b"<root><item><name>A</name><n>3</n></item></root>")
    geo = read_dataset("a.geojson", GEOJSON)
    rows = [
        [{cell.name: cell.text for cell in item.children} for item in d.children[0].children] for d in (csv, xml, geo)
    ]
    assert rows == [
        [{"name": "A", "n": "3"}, {"name": "B", "n": ""}],
        [{"name": "A", "n": "3"}],
        [{"geometry": "14.6 -90.5 0 0", "name": "A", "n": "3", "none": "", "id": "f1"}],
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b""),
        ("a.csv", "name\nñ".encode("latin-1")),
        ("a.geojson", b"{"),
        ("a.geojson", b"[]"),
        ("a.geojson", b'{"type": "FeatureCollection"}'),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [1]}'),
        ("a.geojson", GEOJSON.replace(b"Point", b"MultiPoint")),
        ("a.geojson", b"[" * 100_000),
    ],
)
def test_it_refuses_a_data_set_that_cant_be_read(name: str, data: bytes) -> None:
    with pytest.raises(UnreadableDataSet):
        read_dataset(name, data)
