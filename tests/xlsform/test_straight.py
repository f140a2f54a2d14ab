"""The quick reader makes of an interview what the careful one makes of it, or leaves it alone."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.filling.instance import UnreadableInstance, check_instance
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.filling.straight import grow
from survey_server.xlsform.filling.tree import Tree, adopt, parse_instance
from survey_server.xlsform.form import Form
from survey_server.xlsform.workbook import read_workbook
from tests.xlsform.test_instances import FORM, finished

FORMS = Path(__file__).parents[2] / "forms"
_ELEMENT = re.compile(rb"<([\w:]+)[^<>/]*>[^<>]*</\1>")


def shipped(name: str) -> Form:
    data = {path.name: path.read_bytes() for path in FORMS.glob("*.csv")}
    return compile_form(read_workbook((FORMS / f"{name}.md").read_bytes(), f"{name}.md").xform, data)


def told(tree: Tree) -> tuple[list[object], dict[str, list[int]]]:
    """Everything that a check looks at: the nodes in order, and which of them stand at each ref."""
    nodes = list(tree.root.walk())
    order = {id(node): place for place, node in enumerate(each for node in nodes for each in (node, *node.attributes))}
    written = [
        (node.kind, node.qname, node.ns, node.ref, node.text, node.bind and id(node.bind), told_attributes(node))
        for node in nodes
    ]
    return list(written), {ref: [order[id(node)] for node in found] for ref, found in tree.by_ref.items() if found}


def told_attributes(node: Node) -> list[object]:
    return [(each.qname, each.text, each.ref, each.bind and id(each.bind)) for each in node.attributes]


def both(form: Form, xml: bytes) -> bool:
    """Whether the quick reader took it; it must then have made the same of it, and nothing may be unknown."""
    absent: list[Node] = []
    quick = grow(form, xml, absent)
    if quick is None:
        return False
    unknown: list[Node] = []
    missing: list[Node] = []
    careful = adopt(form, parse_instance(xml), unknown, missing)
    assert unknown == []
    assert told(quick) == told(careful)
    assert sorted(node.ref for node in absent) == sorted(node.ref for node in missing)
    return True


def damaged(xml: bytes, dice: random.Random) -> Iterator[bytes]:
    """The interview with something odd done to one of its elements."""
    leaves = list(_ELEMENT.finditer(xml))
    for _ in range(12):
        one, other = dice.choice(leaves), dice.choice(leaves)
        before, inside, after = xml[: one.start()], one[0], xml[one.end() :]
        yield before + after
        yield before + inside + inside + after
        yield before + inside.replace(one[1], b"stranger") + after
        yield before + other[0] + after
        yield before + inside.replace(b">", b"><deeper>1</deeper>", 1) + after
        yield before + inside.replace(b">", b"><!-- odd --><![CDATA[a<b]]>", 1) + after
        yield before + inside.replace(b">", b' odd="1" xmlns="http://example.org">', 1) + after
        yield before + b"stray text" + inside + b" &amp; &#x41; " + after


@pytest.mark.parametrize("name", sorted(path.stem for path in FORMS.glob("ssr_*.md")))
def test_both_readers_make_the_same_of_every_form_of_ours(name: str) -> None:
    form = shipped(name)
    for given in ({}, {"username": "EN01"}):
        xml = Interview(form, properties=given).finish(instance_id="uuid:1")
        assert both(form, xml), "a plain interview is read the quick way"


def test_both_readers_make_the_same_of_damaged_interviews() -> None:
    dice = random.Random(7)
    taken = [both(FORM, xml) for xml in damaged(finished(), dice)]
    assert 10 < sum(taken) < len(taken) - 10, "some are straight still, others are not"


def test_repeats_and_groups_are_read_the_quick_way() -> None:
    interview = Interview(FORM)
    for number in (1, 2, 3):
        if number > 1:
            interview.add_repeat("/data/kid")
        interview.answer(f"/data/kid[{number}]/name", f"child {number}")
    assert both(FORM, interview.finish(instance_id="uuid:2"))


@pytest.mark.parametrize(
    "odd",
    [
        b"<!DOCTYPE data [<!ENTITY a 'b'>]>",
        b"<?xml version='1.0' encoding='latin-1'?>",
        b"<?xml version='1.0' encoding='cp037'?>",
        b"<?xml version='1.0'?><?other thing?>",
    ],
)
def test_what_is_odd_in_the_xml_is_left_to_the_careful_reader(odd: bytes) -> None:
    xml = finished()
    body = xml[xml.index(b"<data") :]
    assert grow(FORM, odd + body, []) is None
    assert both(FORM, body)


def test_what_is_no_xml_is_refused_with_the_place() -> None:
    with pytest.raises(UnreadableInstance, match="Line 1"):
        check_instance(FORM, b"<data id='demo'><age>4</data>")
