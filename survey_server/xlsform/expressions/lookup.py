"""Indexes over data sets: item[column = value] finds its rows without walking them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from survey_server.xlsform.expressions.evaluate import NODES, NUMBER, STRING, Closure, Compiler, Context, NodeList
from survey_server.xlsform.expressions.expression import Tree, subtrees
from survey_server.xlsform.expressions.nodes import ELEMENT, ROOT, Node
from survey_server.xlsform.expressions.values import parse_number, text_of


def lookup_of(compiler: Compiler, step: Tree) -> Callable[[Node, Context], NodeList | None] | None:
    """For item[column = value] over a data set: an index instead of a scan; predicates still run on what it finds."""
    if step[0] != "child" or len(step) < 3 or ":" in step[1] or step[1] == "*" or "(" in step[1]:
        return None
    condition = step[2]
    for part in condition[1:] if condition[0] == "and" else [condition]:
        if part[0] != "=":
            continue
        for mine, other in ((part[1], part[2]), (part[2], part[1])):
            if _is_column(mine) and not _depends_on_node(other) and not _depends_on_place(condition):
                compiled = compiler.compile(other)
                if compiled.type in (STRING, NODES, NUMBER):
                    return _index_reader(step[1], mine[2][1], compiled.run)
    return None


def _is_column(tree: Tree) -> bool:
    return tree[:2] == ["path", "."] and len(tree) == 3 and tree[2][0] == "child" and len(tree[2]) == 2


def _depends_on_node(tree: Tree) -> bool:
    """Whether the value could differ from item to item: a relative path, position(), or a throw of dice."""
    return any(
        (part[0] == "path" and part[1] == ".")
        or (part[0] == "call" and part[1] in ("position", "last", "random", "uuid", "once", "lang", "id"))
        for part in subtrees(tree)
        if not (part[0] == "path" and isinstance(part[1], list))
    ) or any(
        part[0] == "filter" or (part[0] == "path" and any(len(s) > 2 for s in part[2:])) for part in subtrees(tree)
    )


def _depends_on_place(tree: Tree) -> bool:
    return any(part[0] == "call" and part[1] in ("position", "last") for part in subtrees(tree))


def _index_reader(name: str, column: str, run: Closure) -> Callable[[Node, Context], NodeList | None]:
    def read(node: Node, c: Context) -> NodeList | None:
        top = node.parent
        store = top.bind if top is not None and top.kind == ROOT else None
        if not isinstance(store, dict):
            return None
        value = run(c)
        if isinstance(value, float):
            index = _index(store, node, name, column, lambda text: parse_number(text, c.env.zone))
            return index.get(value, [])
        index = _index(store, node, name, column, str)
        if isinstance(value, str):
            return index.get(value, [])
        if len(value) == 1:
            return index.get(text_of(value[0]), [])
        return None

    return read


def _index(
    store: dict[Any, Any], parent: Node, name: str, column: str, key: Callable[[str], Any]
) -> dict[Any, NodeList]:
    place = (name, column, key is str)
    index: dict[Any, NodeList] | None = store.get(place)
    if index is None:
        index = {}
        for item in parent.children:
            if item.name != name or item.kind != ELEMENT:
                continue
            seen = set()
            for cell in item.children:
                if cell.name == column and cell.kind == ELEMENT and (found := key(cell.value())) not in seen:
                    seen.add(found)
                    index.setdefault(found, []).append(item)
        store[place] = index
    return index


def find_rows(document: Node, column: str, value: str) -> NodeList:
    """The rows of a data set whose column has the value, through the index."""
    top = document.children[0] if document.children else None
    if top is None or not isinstance(document.bind, dict):
        return []
    return _index(document.bind, top, "item", column, str).get(value, [])
