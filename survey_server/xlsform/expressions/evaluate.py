"""Tree to closure to value: a tree is compiled once, its closure called with a Context as often as answers change."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from survey_server.problems import Problem
from survey_server.xlsform.expressions import compare
from survey_server.xlsform.expressions.expression import ExpressionProblem, Tree
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.values import Value, text_of, to_boolean, to_number, to_string, truth

NodeList = list[Node]


class EvaluationProblem(Problem):
    """A function was given something it can't work with, such as a text that is no date. Correct the expression."""

    status = 422
    title = "An expression can't be evaluated"


class MissingInstance(EvaluationProblem):
    """An expression reads a data set that isn't there. Attach its file to the form."""


class Environment:
    """What an expression may ask of its surroundings: the clock, the zone, the instances, the language, the dice."""

    def __init__(
        self,
        zone: tzinfo,
        now: datetime | None = None,
        language: str = "",
        dice: Callable[[], float] | None = None,
    ) -> None:
        self.zone = zone
        self.fixed_now = now
        self.language = language
        self.instances: Mapping[str, Node] = {}
        self.dice = dice or random.random
        self.version = ""  # of the form
        self.properties: Mapping[str, str] = {}  # what the device knows: deviceid, username, ...
        self.shuffle_seed: int | None = None
        self.cache: dict[str, NodeList] = {}  # by ref, for absolute paths that no repeat touches

    def seed(self) -> int:
        """The seed of randomize() without one: drawn once, so that an order stays for the whole interview."""
        if self.shuffle_seed is None:
            self.shuffle_seed = int(self.dice() * 2**31)
        return self.shuffle_seed

    def now(self) -> datetime:
        """The moment, in the zone of the interview."""
        return (self.fixed_now or datetime.now(self.zone)).astimezone(self.zone)

    def find_instance(self, name: str) -> Node | None:
        """The document node of a secondary instance."""
        return self.instances.get(name)

    def choice_label(self, value: str, ref: str, node: Node | None) -> str:
        """The label of a choice in the language of the interview; an interview knows, a bare expression doesn't."""
        return ""

    def itext(self, text_id: str, node: Node | None) -> str:
        """The translation of a text in the language of the interview."""
        return ""


class Context:
    """Where an expression is evaluated: the node, its place in the list that is filtered, and current()."""

    __slots__ = ("current", "env", "node", "position", "size")

    def __init__(self, env: Environment, node: Node, current: Node | None = None, position: int = 1, size: int = 1):
        self.env = env
        self.node = node
        self.current = node if current is None else current
        self.position = position
        self.size = size


Closure = Callable[[Context], Any]
BOOLEAN, NUMBER, STRING, NODES, ANY = "boolean", "number", "string", "nodes", "any"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A closure and the type of what it returns, as far as it is known before it runs."""

    run: Closure
    type: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the library: how many arguments it takes and how its closure is built."""

    name: str
    least: int
    most: int | None
    build: Callable[[Compiler, Sequence[Tree]], Compiled]


@dataclass(frozen=True)
class Scope:
    """What names mean where the expression stands: prefixes, repeats, and whether a form or bare XML is walked."""

    namespaces: Mapping[str, str] = field(default_factory=dict)
    repeats: frozenset[str] = frozenset()
    in_form: bool = False


class Compiler:
    """Turns trees into closures with one function library and one scope."""

    def __init__(self, library: Mapping[str, Function], scope: Scope | None = None) -> None:
        self.library = library
        self.scope = scope or Scope()

    def compile(self, tree: Tree) -> Compiled:
        """The closure of a tree; raises ExpressionProblem for a name that doesn't exist."""
        head = tree[0]
        if head == "num":
            number = float(tree[1])
            return Compiled(lambda c: number, NUMBER)
        if head == "str":
            text = tree[1]
            return Compiled(lambda c: text, STRING)
        if head == "call":
            return self._call(tree)
        if head in ("path", "filter", "|"):
            return PATHS[head](self, tree)
        if head in ("and", "or"):
            return self._logic(head, tree[1:])
        if head in ("=", "!="):
            return compare.equality(self, head, tree[1], tree[2])
        if head in ("<", "<=", ">", ">="):
            return compare.relation(self, head, tree[1], tree[2])
        if head == "neg":
            operand = self.number(tree[1])
            return Compiled(lambda c: -operand(c), NUMBER)
        return Compiled(compare.arithmetic(head, self.number(tree[1]), self.number(tree[2])), NUMBER)

    def _call(self, tree: Tree) -> Compiled:
        name, arguments = tree[1], tree[2:]
        function = self.library.get(name)
        if function is None:
            raise ExpressionProblem(f"{name}() is not a function.", cure="Check its spelling.")
        check_arity(function, len(arguments))
        return function.build(self, arguments)

    def _logic(self, operator: str, operands: Sequence[Tree]) -> Compiled:
        parts = [self.boolean(operand) for operand in operands]
        if len(parts) == 2:
            a, b = parts
            return Compiled((lambda c: a(c) and b(c)) if operator == "and" else (lambda c: a(c) or b(c)), BOOLEAN)

        def every(c: Context) -> bool:
            return all(part(c) for part in parts)

        def some(c: Context) -> bool:
            return any(part(c) for part in parts)

        return Compiled(every if operator == "and" else some, BOOLEAN)

    def boolean(self, tree: Tree) -> Callable[[Context], bool]:
        """The closure, its result made a boolean."""
        compiled = self.compile(tree)
        run = compiled.run
        if compiled.type == BOOLEAN:
            return run
        if self.scope.in_form and compiled.type in (NODES, ANY):
            return lambda c: truth(run(c))
        return lambda c: to_boolean(run(c))

    def number(self, tree: Tree) -> Callable[[Context], float]:
        """The closure, its result made a number."""
        compiled = self.compile(tree)
        run = compiled.run
        if compiled.type == NUMBER:
            return run
        return lambda c: to_number(run(c), c.env.zone)

    def string(self, tree: Tree) -> Callable[[Context], str]:
        """The closure, its result made a string."""
        compiled = self.compile(tree)
        run = compiled.run
        if compiled.type == STRING:
            return run
        if compiled.type == NODES:

            def first_text(c: Context) -> str:
                nodes = run(c)
                return text_of(nodes[0]) if nodes else ""

            return first_text
        return lambda c: to_string(run(c))

    def nodes(self, tree: Tree, where: str) -> Callable[[Context], NodeList]:
        """The closure, refused if it can't return nodes."""
        compiled = self.compile(tree)
        run = compiled.run
        if compiled.type == NODES:
            return run
        if compiled.type != ANY:
            raise ExpressionProblem(
                f"{where} needs a list of nodes, not a {compiled.type}.",
                cure="Give it a question or a repeat: ${name}.",
            )

        def checked(c: Context) -> NodeList:
            value = run(c)
            if not isinstance(value, list):
                raise EvaluationProblem(f"{where} needs a list of nodes.")
            return value

        return checked


def check_arity(function: Function, count: int) -> None:
    """Refuse a call with too few or too many arguments."""
    least, most = function.least, function.most
    if count >= least and (most is None or count <= most):
        return
    exact = str(least) if least == most else f"{least} to {most}"
    wanted = f"at least {least}" if most is None else exact
    raise ExpressionProblem(
        f"{function.name}() takes {wanted} argument{'' if wanted == '1' else 's'}, not {count}.",
        cure="Check the commas and brackets of the call.",
    )


PathBuilder = Callable[[Compiler, Tree], Compiled]
PATHS: dict[str, PathBuilder] = {}  # filled by paths.py, which needs the compiler


def evaluate(compiled: Compiled, context: Context) -> Value:
    """The value of a compiled expression."""
    value: Value = compiled.run(context)
    return value
