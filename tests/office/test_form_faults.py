"""What is wrong is told in Spanish too: each sentence of the compiler, of pyxform, of what can't be read on arrival."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from pyxform.errors import ErrorCode

from survey_server.problems import Problem
from survey_server.web.office.faults import say_fault, sentences
from survey_server.xlsform.appearances import CURES as APPEARANCE_CURES
from survey_server.xlsform.appearances import INSTEAD
from survey_server.xlsform.expressions.documents import parse_xml
from survey_server.xlsform.expressions.functions import CURES
from survey_server.xlsform.workbook import complaint_of

COMPILER = Path(__file__).parents[2] / "survey_server" / "xlsform"
SAYS = {"refuse", "warn", "complain", "Complaint", "refusal", "ExpressionProblem", "EvaluationProblem", "fail"}
SAYS |= {"UnreadableDataSet", "UnfitWorkbook"}
ARRIVALS = {"UnreadableInstance", "UnreadableXml", "FormNotHere", "BrokenEncryption"}
NESTED = ("Pattern \u201c", "\u201c{}\u201d: {}", "{}: {}.")
"""Sentences that are made of others."""


def templates(node: ast.AST) -> list[str]:
    """The texts that an expression may be, with {} for what is filled in."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)]  # type: ignore[misc]
    if isinstance(node, ast.IfExp):
        return templates(node.body) + templates(node.orelse)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = templates(node.left) or ["{}"], templates(node.right) or ["{}"]
        return [one + other for one in sides[0] for other in sides[1]]
    return []


def sentences_of(names: set[str], *folders: Path) -> Iterator[str]:
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        if "importing" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in names:
                    told = [*node.args, *(each.value for each in node.keywords if each.arg == "cure")]
                    yield from (text for one in told for text in templates(one) if " " in text.strip("{}"))
            if isinstance(node, ast.Yield) and path.name == "formula_check.py" and isinstance(node.value, ast.Tuple):
                yield from (text for one in node.value.elts for text in templates(one))


def test_it_has_every_sentence_of_the_compiler_in_spanish() -> None:
    told = {*sentences_of(SAYS, COMPILER), *CURES.values(), *APPEARANCE_CURES.values(), *INSTEAD.values()}
    assert len(told) > 180
    missing = sorted(text for text in told if say_fault(text.replace("{}", "7"), "es")[1] == "en")
    assert missing == []


def test_it_has_every_sentence_about_what_cannot_be_read_on_arrival() -> None:
    told = set(sentences_of(ARRIVALS, COMPILER / "received", COMPILER / "filling", COMPILER.parent / "db" / "intake"))
    assert len(told) > 12
    missing = sorted(text for text in told if say_fault(text.replace("{}", "'7'"), "es")[1] == "en")
    assert missing == []


@pytest.mark.parametrize(
    ("xml", "spanish"),
    [
        (b"<data><a>1</b></data>", ": se cierra una etiqueta que no es la que está abierta."),
        (b"<data>\n<a>1 & 2</a></data>", ": hay un signo que no puede estar ahí"),
        (b"<data><a>1</a>", ": el documento está vacío o se corta antes de terminar."),
        (b"", ": el documento está vacío o se corta antes de terminar."),
        (b"<data><a", ": se corta en medio de una etiqueta."),
        (b"<data/><data/>", ": hay algo más después del final del documento."),
        (b"<data>&nbsp;</data>", ": se nombra una entidad que no existe (por ejemplo &nbsp;)."),
        (b'<data a="1" a="2"/>', ": un atributo está dos veces."),
        (b"<data><h:a/></data>", ": se usa un prefijo que nadie declara."),
        (b' <?xml version="1.0"?><data/>', ": la declaración <?xml …?> no está al principio."),
        (b"<data>\xff</data>", ": hay un signo que no puede estar ahí"),
        (
            b'<?xml version="1.0" encoding="klingon"?><data/>',
            "El texto no se puede descifrar: no se conoce la codificación klingon.",
        ),
        (b"<!DOCTYPE data [<!ENTITY a 'b'>]><data>&a;</data>", "No se aceptan declaraciones de tipo de documento"),
    ],
)
def test_it_says_what_is_wrong_with_xml_in_spanish(xml: bytes, spanish: str) -> None:
    with pytest.raises(Problem) as unreadable:
        parse_xml(xml)
    said, language = say_fault(unreadable.value.detail, "es")
    assert spanish in said and language == "es"


def test_it_has_every_sentence_of_pyxform_in_spanish() -> None:
    missing = []
    for code in (code for code in ErrorCode if not code.name.startswith("INTERNAL")):
        names = {name for _, name, _, _ in Formatter().parse(code.value.msg) if name}
        said = complaint_of(code.value.msg.format(**{name: "5" if "row" in name else f"<{name}>" for name in names}))
        missing += [text for text in (said.message, said.cure) if say_fault(text, "es")[1] == "en"]
    assert missing == []


def test_it_fills_the_same_holes_in_both_languages() -> None:
    for sentence in sentences():
        english = set(sentence.known.groupindex)
        spanish = {name for _, name, _, _ in Formatter().parse(sentence.spanish) if name}
        assert spanish <= english, sentence.spanish


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        (
            "\u201c${x} + \u201d: at the end: the expression stops too early.",
            "\u00ab${x} + \u00bb: al final: la expresi\u00f3n termina antes de tiempo.",
        ),
        ("Did you mean any-selected()?", "\u00bfQuiso decir any-selected()?"),
        ("Write any-selected(${avoid}, '1 2').", "Escriba any-selected(${avoid}, '1 2')."),
        ("There is no column called formla.", "No hay ninguna columna que se llame formla."),
    ],
)
def test_it_keeps_the_words_of_the_form_and_says_the_rest_in_spanish(english: str, spanish: str) -> None:
    assert say_fault(english, "es") == (spanish, "es")
    assert say_fault(english, "en") == (english, "en")


def test_it_leaves_what_it_does_not_know_in_english_and_says_so() -> None:
    assert say_fault("Something quite new {happened}.", "es") == ("Something quite new {happened}.", "en")
    assert re.search(r"<td lang=\"\{\{ language \}\}\">", (COMPILER.parent / "templates/office/forms.html").read_text())
