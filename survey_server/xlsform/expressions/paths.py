"""Location paths: axes, node tests, predicates, document order, and the quick ways through forms and data sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from survey_server.xlsform.expressions.axes import AXES, REVERSE, ancestors_of, document_order
from survey_server.xlsform.expressions.evaluate import (
    BOOLEAN,
    NODES,
    PATHS,
    Closure,
    Compiled,
    Compiler,
    Context,
    NodeList,
)
from survey_server.xlsform.expressions.expression import ExpressionProblem, Tree
from survey_server.xlsform.expressions.lookup import lookup_of
from survey_server.xlsform.expressions.nodes import (
    ATTRIBUTE,
    COMMENT,
    ELEMENT,
    INSTRUCTION,
    NAMESPACE,
    TEXT,
    XML_NS,
    Node,
)
from survey_server.xlsform.expressions.values import Value, to_boolean, truth

NodeTest = Callable[[Node], bool]
Walk = Callable[[NodeList, Context], NodeList]
SINGLE, FLAT, MIXED = range(3)  # one node; nodes of one depth in document order; anything


_KINDS = {"text()": TEXT, "comment()": COMMENT}


def node_test(compiler: Compiler, axis: str, test: str) -> NodeTest:
    """Whether a node on that axis passes the test."""
    principal = {"attribute": ATTRIBUTE, "namespace": NAMESPACE}.get(axis, ELEMENT)
    if test == "node()":
        return lambda n: True
    if test in _KINDS:
        kind = _KINDS[test]
        return lambda n: n.kind == kind
    if test.startswith("processing-instruction("):
        target = test[len("processing-instruction(") : -1].strip("\"'")
        return lambda n: n.kind == INSTRUCTION and (not target or n.name == target)
    if test == "*":
        return lambda n: n.kind == principal
    prefix, _, name = test.rpartition(":")
    if not prefix:
        if compiler.scope.in_form:
            return lambda n: n.name == name and n.kind == principal
        return lambda n: n.name == name and n.kind == principal and not n.prefix
    uri = XML_NS if prefix == "xml" else compiler.scope.namespaces.get(prefix)
    if uri is None:
        raise ExpressionProblem(f"The prefix {prefix}: isn't declared.", cure="Declare its namespace, or remove it.")
    if name == "*":
        return lambda n: n.kind == principal and n.ns == uri
    return lambda n: n.name == name and n.kind == principal and n.ns == uri


def compile_path(compiler: Compiler, tree: Tree) -> Compiled:
    """The closure of a location path."""
    start, steps = tree[1], tree[2:]
    if start == "/":
        if compiler.scope.in_form:
            return Compiled(_absolute_in_form(compiler, steps), NODES)
        return Compiled(_follow(lambda c: [c.node.root()], _walks(compiler, steps, SINGLE)), NODES)
    if start == ".":
        return Compiled(_follow(lambda c: [c.node], _walks(compiler, steps, SINGLE)), NODES)
    single = start[0] == "call" and start[1] in ("current", "instance")
    first = compiler.nodes(start, "A path")
    return Compiled(_follow(first, _walks(compiler, steps, SINGLE if single else MIXED)), NODES)


def _one_step(first: Closure, only: Walk) -> Closure:
    return lambda c: only(first(c), c)


def _follow(first: Closure, walks: Sequence[Walk]) -> Closure:
    if not walks:
        return first
    if len(walks) == 1:
        return _one_step(first, walks[0])

    def follow(c: Context) -> NodeList:
        nodes: NodeList = first(c)
        for walk in walks:
            if not nodes:
                return nodes
            nodes = walk(nodes, c)
        return nodes

    return follow


def _walks(compiler: Compiler, steps: Sequence[Tree], shape: int) -> list[Walk]:
    walks: list[Walk] = []
    i = 0
    while i < len(steps):
        step = steps[i]
        if step == ["descendant-or-self", "node()"] and i + 1 < len(steps):
            following = steps[i + 1]
            if following[0] == "child" and len(following) == 2:
                step = ["descendant", following[1]]  # //name: the same nodes, without the detour over all of them
                i += 1
        walks.append(_walk(compiler, step, shape))
        shape = _shape_after(step[0], shape)
        i += 1
    return walks


def _shape_after(axis: str, shape: int) -> int:
    if axis == "self" or (axis == "parent" and shape != MIXED):
        return shape
    return FLAT if axis in ("child", "attribute") and shape != MIXED else MIXED


def _walk(compiler: Compiler, step: Tree, shape: int) -> Walk:
    axis_name, test = step[0], step[1]
    passes = node_test(compiler, axis_name, test)
    if len(step) == 2 and axis_name == "child" and shape != MIXED:
        return _child_walk(compiler, test, passes)
    axis = AXES[axis_name]
    reverse = axis_name in REVERSE
    filters = [predicate(compiler, p) for p in step[2:]]
    lookup = lookup_of(compiler, step) if shape != MIXED else None
    sort = shape == MIXED or (shape == FLAT and axis_name not in ("child", "attribute", "self"))

    def walk(nodes: NodeList, c: Context) -> NodeList:
        found: NodeList = []
        for node in nodes:
            near = lookup(node, c) if lookup is not None else None
            if near is None:
                near = [n for n in axis(node) if passes(n)]
            for keep in filters:
                near = keep(near, c)
            found.extend(reversed(near) if reverse else near)
        return document_order(found) if sort else found

    return walk


def _child_walk(compiler: Compiler, test: str, passes: NodeTest) -> Walk:
    plain = test.isidentifier() and compiler.scope.in_form

    def by_name(nodes: NodeList, c: Context) -> NodeList:
        return [child for node in nodes for child in node.children if child.name == test and child.kind == ELEMENT]

    def by_test(nodes: NodeList, c: Context) -> NodeList:
        return [child for node in nodes for child in node.child_nodes() if passes(child)]

    return by_name if plain else by_test


def predicate(compiler: Compiler, tree: Tree) -> Walk:
    """The closure that keeps the nodes for which a predicate holds: a number is a position."""
    compiled = compiler.compile(tree)
    run = compiled.run
    if tree[0] == "num":
        wanted = tree[1]

        def at(nodes: NodeList, c: Context) -> NodeList:
            return [nodes[int(wanted) - 1]] if 1 <= wanted <= len(nodes) and wanted == int(wanted) else []

        return at
    holds = (
        run if compiled.type == BOOLEAN else _position_or_boolean(run, truth if compiler.scope.in_form else to_boolean)
    )

    def keep(nodes: NodeList, c: Context) -> NodeList:
        if not nodes:
            return nodes
        inner = Context(c.env, c.node, c.current, 0, len(nodes))
        found = []
        for node in nodes:
            inner.node = node
            inner.position += 1
            if holds(inner):
                found.append(node)
        return found

    return keep


def _position_or_boolean(run: Closure, judge: Callable[[Value], bool]) -> Closure:
    def holds(c: Context) -> bool:
        value = run(c)
        return value == c.position if isinstance(value, float) else judge(value)

    return holds


def _absolute_in_form(compiler: Compiler, steps: Sequence[Tree]) -> Closure:
    """An absolute path in a form: inside a repeat it means the same instance of it; outside it is looked up once."""
    names = [s[1] for s in steps]
    plain = all(s[0] == "child" and len(s) == 2 and s[1].isidentifier() for s in steps)
    ref = "/" + "/".join(names)
    touches = any(ref == r or ref.startswith(r + "/") for r in compiler.scope.repeats)
    walks = _walks(compiler, steps, SINGLE)
    top = _follow(lambda c: [primary_root(c)], walks)
    if plain and not touches:

        def cached(c: Context) -> NodeList:
            cache = c.env.cache
            found = cache.get(ref)
            if found is None:
                found = top(c)
                if len(found) == 1:
                    cache[ref] = found
            return found

        return cached
    leading = 0
    while leading < len(steps) and steps[leading][0] == "child" and len(steps[leading]) == 2:
        leading += 1
    shared = names[:leading]
    later = [_walks(compiler, steps[i:], SINGLE) for i in range(leading + 1)]

    def nearest(c: Context) -> NodeList:
        chain = _chain(c)
        nodes, i = [primary_root(c)], 0
        while i < leading and i < len(chain) and chain[i].name == shared[i].rpartition(":")[2]:
            nodes = [chain[i]]
            i += 1
        for walk in later[i]:
            nodes = walk(nodes, c)
        return nodes

    return nearest


def primary_root(c: Context) -> Node:
    """The document node of the instance that is filled in, also from inside a data set's predicate."""
    root = c.node.root()
    return root if not isinstance(root.bind, dict) else c.current.root()


def _chain(c: Context) -> NodeList:
    node = c.node if not isinstance(c.node.root().bind, dict) else c.current
    return [node, *ancestors_of(node)][:-1][::-1]


def compile_filter(compiler: Compiler, tree: Tree) -> Compiled:
    """(nodes)[predicate]: positions count in document order."""
    nodes = compiler.nodes(tree[1], "A filter")
    filters = [predicate(compiler, p) for p in tree[2:]]

    def run(c: Context) -> NodeList:
        found = nodes(c)
        for keep in filters:
            found = keep(found, c)
        return found

    return Compiled(run, NODES)


def compile_union(compiler: Compiler, tree: Tree) -> Compiled:
    """a | b: the nodes of both, once each, in document order."""
    parts = [compiler.nodes(part, "|") for part in tree[1:]]
    return Compiled(lambda c: document_order([node for part in parts for node in part(c)]), NODES)


PATHS.update({"path": compile_path, "filter": compile_filter, "|": compile_union})
