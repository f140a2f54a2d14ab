"""Location paths: axes, node tests, predicates, document order, and the quick ways through forms and data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from survey_server.xlsform.evaluate import (
    BOOLEAN,
    NODES,
    NUMBER,
    PATHS,
    STRING,
    Closure,
    Compiled,
    Compiler,
    Context,
    NodeList,
)
from survey_server.xlsform.expression import ExpressionProblem, Tree, subtrees
from survey_server.xlsform.nodes import ATTRIBUTE, COMMENT, ELEMENT, INSTRUCTION, NAMESPACE, ROOT, TEXT, XML_NS, Node
from survey_server.xlsform.values import parse_number, text_of, to_boolean

NodeTest = Callable[[Node], bool]
Walk = Callable[[NodeList, Context], NodeList]
SINGLE, FLAT, MIXED = range(3)  # one node; nodes of one depth in document order; anything


def _ancestors(node: Node) -> NodeList:
    found = []
    above = node.parent
    while above is not None:
        found.append(above)
        above = above.parent
    return found


def _descendants(node: Node) -> NodeList:
    found: NodeList = []
    stack = list(reversed(node.child_nodes()))
    while stack:
        below = stack.pop()
        found.append(below)
        stack.extend(reversed(below.child_nodes()))
    return found


def _siblings(node: Node, after: bool) -> NodeList:
    if node.parent is None or node.kind in (ATTRIBUTE, NAMESPACE):
        return []
    siblings = node.parent.child_nodes()
    place = next(i for i, sibling in enumerate(siblings) if sibling is node)
    return siblings[place + 1 :] if after else siblings[:place][::-1]


def _following(node: Node) -> NodeList:
    found: NodeList = []
    if node.kind in (ATTRIBUTE, NAMESPACE) and node.parent is not None:
        found.extend(_descendants(node.parent))
        node = node.parent
    for start in [node, *_ancestors(node)]:
        for sibling in _siblings(start, after=True):
            found.append(sibling)
            found.extend(_descendants(sibling))
    return found


def _preceding(node: Node) -> NodeList:
    found: NodeList = []
    if node.kind in (ATTRIBUTE, NAMESPACE) and node.parent is not None:
        node = node.parent
    for start in [node, *_ancestors(node)]:
        for sibling in _siblings(start, after=False):
            found.extend(reversed(_descendants(sibling)))
            found.append(sibling)
    return found


def _namespaces(node: Node) -> NodeList:
    if node.kind != ELEMENT:
        return []
    found = []
    for prefix, uri in sorted(node.in_scope().items()):
        found.append(Node(NAMESPACE, prefix, uri, node))
    return found


AXES: dict[str, Callable[[Node], NodeList]] = {
    "child": Node.child_nodes,
    "parent": lambda n: [n.parent] if n.parent is not None else [],
    "self": lambda n: [n],
    "attribute": lambda n: n.attributes,
    "descendant": _descendants,
    "descendant-or-self": lambda n: [n, *_descendants(n)],
    "ancestor": _ancestors,
    "ancestor-or-self": lambda n: [n, *_ancestors(n)],
    "following-sibling": lambda n: _siblings(n, after=True),
    "preceding-sibling": lambda n: _siblings(n, after=False),
    "following": _following,
    "preceding": _preceding,
    "namespace": _namespaces,
}
REVERSE = frozenset(("ancestor", "ancestor-or-self", "preceding", "preceding-sibling"))
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


def document_order(nodes: NodeList) -> NodeList:
    """The nodes once each, in document order."""
    unique = list({id(node): node for node in nodes}.values())
    if len(unique) < 2:
        return unique
    rank: dict[int, int] = {}
    for node in unique:
        root = node.root()
        if id(root) not in rank:
            for each in _everything(root):
                rank[id(each)] = len(rank)
    last = len(rank)
    return sorted(unique, key=lambda n: rank.get(id(n), rank.get(id(n.parent), last)))


def _everything(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        yield from node.attributes
        stack.extend(reversed(node.child_nodes()))


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
    lookup = _lookup(compiler, step) if shape != MIXED else None
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
    holds = run if compiled.type == BOOLEAN else _position_or_boolean(run)

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


def _position_or_boolean(run: Closure) -> Closure:
    def holds(c: Context) -> bool:
        value = run(c)
        return value == c.position if isinstance(value, float) else to_boolean(value)

    return holds


def _lookup(compiler: Compiler, step: Tree) -> Callable[[Node, Context], NodeList | None] | None:
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
    return [node, *_ancestors(node)][:-1][::-1]


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
