"""Conditions, booleans, nodes and instances."""

from __future__ import annotations

from collections.abc import Sequence

from survey_server.xlsform.expressions.evaluate import (
    ANY,
    BOOLEAN,
    NODES,
    NUMBER,
    STRING,
    Compiled,
    Compiler,
    Context,
    MissingInstance,
    NodeList,
    Scope,
)
from survey_server.xlsform.expressions.expression import ExpressionProblem, Tree
from survey_server.xlsform.expressions.nodes import ELEMENT, ROOT, XML_NS, Node
from survey_server.xlsform.expressions.signature import Library, function, special
from survey_server.xlsform.expressions.values import NAN, Value, text_of, to_number, to_string

CORE: Library = {}


@special(CORE, "if", 3, 3)
def _if(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
    condition = compiler.boolean(arguments[0])
    yes, no = compiler.compile(arguments[1]), compiler.compile(arguments[2])
    a, b = yes.run, no.run
    return Compiled(lambda c: a(c) if condition(c) else b(c), yes.type if yes.type == no.type else ANY)


def is_blank(value: Value) -> bool:
    """Whether coalesce() goes on: a blank text, an empty list, NaN."""
    if isinstance(value, list):
        return not value or text_of(value[0]) == ""
    return value == "" or value != value


@special(CORE, "coalesce", 2, None)
def _coalesce(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
    parts = [compiler.compile(argument) for argument in arguments]

    def run(c: Context) -> Value:
        value: Value = ""
        for part in parts:
            value = part.run(c)
            if not is_blank(value):
                return value
        return "" if isinstance(value, float) else value

    kinds = {part.type for part in parts}
    return Compiled(run, kinds.pop() if len(kinds) == 1 and NUMBER not in kinds else ANY)


@special(CORE, "once", 1, 1)
def _once(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
    first = compiler.compile(arguments[0]).run

    def run(c: Context) -> Value:
        kept = c.current.value()  # also while it isn't relevant: it may come back
        value: Value = kept if kept != "" else first(c)
        return value

    return Compiled(run, ANY)


function(CORE, "true", "", BOOLEAN)(lambda: True)
function(CORE, "false", "", BOOLEAN)(lambda: False)
function(CORE, "boolean", "b", BOOLEAN)(lambda value: value)
function(CORE, "not", "b", BOOLEAN)(lambda value: not value)
function(CORE, "boolean-from-string", "s", BOOLEAN)(lambda text: text.strip().lower() in ("true", "1"))


@special(CORE, "string", 0, 1)
def _string(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
    return Compiled(compiler.string(arguments[0] if arguments else ["path", "."]), STRING)


@special(CORE, "number", 0, 1)
def _number(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
    return Compiled(compiler.number(arguments[0] if arguments else ["path", "."]), NUMBER)


@special(CORE, "position", 0, 1)
def _position(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
    if not arguments:
        return Compiled(lambda c: float(c.position), NUMBER)
    nodes = compiler.nodes(arguments[0], "position()")

    def run(c: Context) -> float:
        found = nodes(c)
        return float(place_among_twins(found[0])) if found else NAN

    return Compiled(run, NUMBER)


def place_among_twins(node: Node) -> int:
    """The place of a node among its siblings of the same name, from 1: its number as a repeat instance."""
    place = 1
    if node.parent is not None:
        for sibling in node.parent.children:
            if sibling is node:
                break
            if sibling.name == node.name and sibling.kind == node.kind and sibling.prefix == node.prefix:
                place += 1
    return place


special(CORE, "last", 0, 0)(lambda compiler, arguments: Compiled(lambda c: float(c.size), NUMBER))
special(CORE, "current", 0, 0)(lambda compiler, arguments: Compiled(lambda c: [c.current], NODES))


def _relevant(nodes: NodeList) -> NodeList:
    return [node for node in nodes if node.relevant]


function(CORE, "count", "x", NUMBER)(lambda nodes: float(len(_relevant(nodes))))
function(CORE, "count-non-empty", "x", NUMBER)(lambda nodes: float(sum(1 for node in nodes if text_of(node) != "")))


@function(CORE, "sum", "cx", NUMBER)
def _sum(c: Context, nodes: NodeList) -> float:
    total = 0.0
    for node in nodes:
        if (text := text_of(node)) != "":
            total += to_number(text, c.env.zone)
    return total


def numbers_in(c: Context, values: Sequence[Value]) -> list[float]:
    """The numbers among values and in lists of nodes; blanks and texts are left out."""
    found: list[float] = []
    for value in values:
        parts: list[Value] = [text_of(node) for node in value] if isinstance(value, list) else [value]
        found.extend(number for part in parts if (number := to_number(part, c.env.zone)) == number)
    return found


@function(CORE, "min", "cv?*", NUMBER)
def _min(c: Context, *values: Value) -> float:
    return min(numbers_in(c, values), default=NAN)


@function(CORE, "max", "cv?*", NUMBER)
def _max(c: Context, *values: Value) -> float:
    return max(numbers_in(c, values), default=NAN)


function(CORE, "version", "c", STRING)(lambda c: c.env.version)
function(CORE, "property", "cs", STRING)(lambda c, name: c.env.properties.get(name.replace(" ", "").lower(), ""))


@function(CORE, "instance", "cs", NODES)
def _instance(c: Context, name: str) -> NodeList:
    found = c.env.find_instance(name)
    if found is None:
        raise MissingInstance(f"There is no instance “{name}”.")
    return [found]


def _named(name: str, read: object) -> None:
    assert callable(read)

    @special(CORE, name, 0, 1)
    def build(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
        nodes = compiler.nodes(arguments[0] if arguments else ["path", "."], f"{name}()")

        def run(c: Context) -> str:
            found = nodes(c)
            return read(found[0]) if found else ""

        return Compiled(run, STRING)


_named("name", lambda node: node.qname)
_named("local-name", lambda node: node.name)
_named("namespace-uri", lambda node: node.ns)


@function(CORE, "id", "cv", NODES)
def _id(c: Context, value: Value) -> NodeList:
    texts = [text_of(node) for node in value] if isinstance(value, list) else [to_string(value)]
    wanted = {word for text in texts for word in text.split()}
    everything = c.node.root().walk()
    return [n for n in everything if n.kind == ELEMENT and (n.get("id") in wanted or n.get("id", XML_NS) in wanted)]


@function(CORE, "lang", "cs", BOOLEAN)
def _lang(c: Context, wanted: str) -> bool:
    node: Node | None = c.node
    while node is not None and node.kind != ROOT:
        found = node.get("lang", XML_NS)
        if found is not None:
            return found.lower() == wanted.lower() or found.lower().startswith(wanted.lower() + "-")
        node = node.parent
    return False


@special(CORE, "indexed-repeat", 3, None)
def _indexed_repeat(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
    if len(arguments) % 2 == 0:
        raise ExpressionProblem(
            "indexed-repeat() takes a question and pairs of repeat and number.",
            cure="Write indexed-repeat(${question}, ${repeat}, 1).",
        )
    bare = Compiler(compiler.library, Scope(compiler.scope.namespaces, in_form=compiler.scope.in_form))
    target = bare.nodes(arguments[0], "indexed-repeat()")
    levels = [
        (bare.nodes(arguments[i], "indexed-repeat()"), compiler.number(arguments[i + 1]))
        for i in range(1, len(arguments), 2)
    ]

    def run(c: Context) -> NodeList:
        chosen: Node | None = None
        for repeats, number in levels:
            wanted = number(c)
            here = [n for n in repeats(c) if chosen is None or _is_under(n, chosen)]
            if not 1 <= wanted < len(here) + 1:
                return []
            chosen = here[int(wanted) - 1]
        assert chosen is not None
        found = target(c)
        inside = [n for n in found if _is_under(n, chosen)]
        return inside or _same_place(found[:1], chosen)

    return Compiled(run, NODES)


def _is_under(node: Node, top: Node) -> bool:
    above: Node | None = node
    while above is not None:
        if above is top:
            return True
        above = above.parent
    return False


def _same_place(found: NodeList, chosen: Node) -> NodeList:
    """The node that stands in the chosen instance where the found one stands in its own."""
    names: list[str] = []
    node: Node | None = found[0] if found else None
    while node is not None and (node.name != chosen.name or node.parent is not chosen.parent):
        names.append(node.name)
        node = node.parent
    nodes = [chosen] if node is not None else []
    for name in reversed(names):
        nodes = [child for n in nodes for child in n.children if child.name == name]
    return nodes


@special(CORE, "depend", 1, None)
def _depend(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
    return compiler.compile(arguments[0])
