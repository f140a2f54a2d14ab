"""Expression text to tree: the whole XPath 1.0 grammar as ODK uses it, or a message with position and cure.

Trees are JSON arrays, because the phone has no parser:

    ["num", 3.5]  ["str", "x"]                  literals
    [operator, a, b]                            = != < <= > >= + - * div mod |   (and, or: two or more operands)
    ["neg", a]                                  unary minus
    ["call", "name", argument...]               the name as written: "jr:choice-name", "selected"
    ["path", start, step...]                    start: "/" root, "." context node, or a tree
    ["filter", tree, predicate...]              (...)[predicate]
    step: [axis, test, predicate...]            test: "name", "p:name", "*", "p:*", "node()", "text()", ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from survey_server.problems import Problem

Tree = list[Any]

AXES = frozenset(
    [
        "ancestor",
        "ancestor-or-self",
        "attribute",
        "child",
        "descendant",
        "descendant-or-self",
        "following",
        "following-sibling",
        "namespace",
        "parent",
        "preceding",
        "preceding-sibling",
        "self",
    ]
)
NODE_TYPES = frozenset(("node", "text", "comment", "processing-instruction"))
BINDING = {"or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "div": 6}
BINDING |= {"mod": 6, "|": 8}
UNARY_BINDING = 7
MAX_DEPTH = 120
MAX_LENGTH = 60_000

_NAME = r"[^\W\d][\w.\-·]*"
_TOKENS = re.compile(
    rf"""[ \t\r\n]*(?:
      (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    | (?P<string>"[^"]*"|'[^']*')
    | (?P<name>{_NAME}(?::(?!:)(?:{_NAME}|\*))?)
    | (?P<symbol>\.\.|//|::|!=|<=|>=|[()\[\]@,/|+\-=<>*.$])
    )""",
    re.VERBOSE,
)
_QUOTES = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"}


class ExpressionProblem(Problem):
    """An expression can't be understood. The message says at which character and how to write it."""

    status = 422
    title = "An expression can't be understood"

    def __init__(self, detail: str, position: int = 0, cure: str = "") -> None:
        super().__init__(detail, position=position, cure=cure)
        self.position = position
        self.cure = cure


def parse_expression(text: str) -> Tree:
    """The tree of an expression; raises ExpressionProblem."""
    if len(text) > MAX_LENGTH:
        raise ExpressionProblem("The expression is too long.", cure="Split it into several calculate rows.")
    parser = _Parser(text)
    tree = parser.expression(0, 0)
    if parser.kind:
        parser.fail(f"“{parser.lexeme}” is not expected here", "Is an operator or a bracket missing before it?")
    return tree


def names_called(tree: Tree) -> Iterator[tuple[str, int]]:
    """Every function call in the tree: its name and number of arguments."""
    for part in subtrees(tree):
        if part[0] == "call":
            yield part[1], len(part) - 2


def subtrees(tree: Tree) -> Iterator[Tree]:
    """The tree and every expression tree in it (steps are no expressions, their predicates are)."""
    stack = [tree]
    while stack:
        part = stack.pop()
        yield part
        head = part[0]
        if head in ("num", "str"):
            continue
        if head == "call":
            stack.extend(part[2:])
        elif head == "path":
            if isinstance(part[1], list):
                stack.append(part[1])
            for step in part[2:]:
                stack.extend(step[2:])
        else:
            stack.extend(part[1:])


class _Parser:
    """One token of lookahead; an operator is only looked for where an operand has ended, as XPath 1.0, 3.7 says."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.kind = ""
        self.lexeme = ""
        self.end = 0
        self.advance()

    def advance(self) -> str:
        """Step over the current token and return it."""
        before = self.lexeme
        found = _TOKENS.match(self.text, self.end)
        if found is None:
            rest = self.text[self.end :].lstrip(" \t\r\n")
            self.position = len(self.text) - len(rest)
            self.kind, self.lexeme = "", ""
            if rest:
                self._complain(rest)
            return before
        self.kind = found.lastgroup or ""
        self.lexeme = found[self.kind]
        self.position = found.start(self.kind)
        self.end = found.end()
        return before

    def _complain(self, rest: str) -> None:
        char = rest[0]
        if char in "\"'":
            self.fail("a text that is opened is not closed", f"Close it with {char}.")
        if char in _QUOTES:
            self.fail(
                f"“{char}” is a typographic quote", f"Write a straight {_QUOTES[char]} (switch smart quotes off)."
            )
        if char == "!":
            self.fail("“!” is not an operator", "Write != for different, not(...) for a negation.")
        if char == "\u00a0":
            self.fail("there is a no-break space", "Replace it with an ordinary space.")
        if char == "&":
            self.fail("“&” is not an operator", "Write and; join texts with concat(...).")
        if char in "{}":
            self.fail(f"“{char}” has no place here", "Refer to a question as ${name}.")
        self.fail(f"“{char}” has no place in an expression", "Remove it, or put it between quotes.")

    def fail(self, what: str, cure: str) -> None:
        place = "at the end" if not self.kind and self.position >= len(self.text.rstrip()) else ""
        where = place or f"at character {self.position + 1}"
        raise ExpressionProblem(f"{where}: {what}.", position=self.position + 1, cure=cure)

    def take(self, symbol: str) -> bool:
        if self.kind == "symbol" and self.lexeme == symbol:
            self.advance()
            return True
        return False

    def need(self, symbol: str, cure: str) -> None:
        if not self.take(symbol):
            self.fail(f"“{symbol}” is missing", cure)

    def operator(self) -> str:
        if self.kind == "symbol" or (self.kind == "name" and self.lexeme in ("or", "and", "div", "mod")):
            return self.lexeme if self.lexeme in BINDING else ""
        return ""

    def expression(self, minimum: int, depth: int) -> Tree:
        """Precedence climbing: operators that bind tighter than `minimum`."""
        if depth > MAX_DEPTH:
            raise ExpressionProblem(
                f"The expression is nested deeper than {MAX_DEPTH} levels.",
                self.position + 1,
                "Split it into several calculate rows.",
            )
        left = self.unary(depth)
        links = 0
        while (operator := self.operator()) and BINDING[operator] > minimum:
            self.advance()
            right = self.expression(BINDING[operator], depth + 1)
            if operator in ("or", "and") and left[0] == operator:
                left.append(right)
                continue
            links += 1
            if links > MAX_DEPTH:
                raise ExpressionProblem(
                    f"More than {MAX_DEPTH} {operator} in a row.",
                    self.position + 1,
                    "Split it, or use sum() or concat().",
                )
            self._check_operands(operator, left, right)
            left = [operator, left, right]
        return left

    def _check_operands(self, operator: str, left: Tree, right: Tree) -> None:
        if operator == "|" and not all(side[0] in ("path", "filter", "call", "|") for side in (left, right)):
            self.fail("“|” joins two lists of nodes", "Write or for a choice between two conditions.")

    def unary(self, depth: int) -> Tree:
        signs = 0
        while self.take("-"):
            signs += 1
            if signs > MAX_DEPTH:
                self.fail("too many minus signs", "Remove them.")
        if signs:
            tree = self.expression(UNARY_BINDING, depth + 1)
            for _ in range(signs):
                tree = ["neg", tree]
            return tree
        return self.operand(depth)

    def operand(self, depth: int) -> Tree:
        primary = self.primary(depth)
        if primary is None:
            return self.path(depth)
        predicates = self.predicates(depth)
        if predicates:
            primary = ["filter", primary, *predicates]
        if self.kind == "symbol" and self.lexeme in ("/", "//"):
            return ["path", primary, *self.more_steps(depth)]
        return primary

    def primary(self, depth: int) -> Tree | None:
        kind, lexeme = self.kind, self.lexeme
        if kind == "number":
            self.advance()
            if self.kind == "name" and self.position == self.end - len(self.lexeme) and self._touches():
                self.fail(f"“{lexeme}{self.lexeme}” is neither a number nor a name", "A name can't start with a digit.")
            return ["num", float(lexeme)]
        if kind == "string":
            self.advance()
            return ["str", lexeme[1:-1]]
        if self.take("("):
            tree = self.expression(0, depth + 1)
            self.need(")", "Close the bracket.")
            return tree
        if kind == "symbol" and lexeme == "$":
            self.fail("variables ($name) don't exist in forms", "Refer to a question as ${name}.")
        if kind == "name" and self._followed_by("(") and lexeme not in NODE_TYPES:
            return self.call(depth)
        return None

    def _touches(self) -> bool:
        return self.position > 0 and self.text[self.position - 1] not in " \t\r\n" and self.operator() == ""

    def _followed_by(self, symbol: str) -> bool:
        rest = self.text[self.end :].lstrip(" \t\r\n")
        return rest.startswith(symbol)

    def call(self, depth: int) -> Tree:
        name = self.advance()
        self.advance()
        tree: Tree = ["call", name]
        if self.take(")"):
            return tree
        while True:
            tree.append(self.expression(0, depth + 1))
            if self.take(")"):
                return tree
            self.need(",", f"Separate the arguments of {name}() with commas and close its bracket.")

    def predicates(self, depth: int) -> list[Tree]:
        found = []
        while self.take("["):
            found.append(self.expression(0, depth + 1))
            self.need("]", "Close the square bracket.")
        return found

    def path(self, depth: int) -> Tree:
        if self.take("/"):
            return ["path", "/", *self.steps(depth)] if self.starts_step() else ["path", "/"]
        if self.kind == "symbol" and self.lexeme == "//":
            return ["path", "/", *self.more_steps(depth)]
        if not self.starts_step():
            if not self.kind:
                self.fail("the expression stops too early", "Write the value that is missing.")
            self.fail(f"a value is missing before “{self.lexeme}”", "Write a question, a number or a text there.")
        steps = self.steps(depth)
        while steps and steps[0] == ["self", "node()"]:
            steps.pop(0)
        return ["path", ".", *steps]

    def starts_step(self) -> bool:
        return self.kind == "name" or (self.kind == "symbol" and self.lexeme in (".", "..", "@", "*"))

    def steps(self, depth: int) -> list[Tree]:
        return [self.step(depth), *self.more_steps(depth)]

    def more_steps(self, depth: int) -> list[Tree]:
        found: list[Tree] = []
        while self.kind == "symbol" and self.lexeme in ("/", "//"):
            if self.advance() == "//":
                found.append(["descendant-or-self", "node()"])
            found.append(self.step(depth))
        return found

    def step(self, depth: int) -> Tree:
        if self.take(".."):
            return ["parent", "node()"]
        if self.take("."):
            return ["self", "node()"]
        axis = "child"
        if self.take("@"):
            axis = "attribute"
        elif self.kind == "name" and self._followed_by("::"):
            axis = self.advance()
            self.advance()
            if axis not in AXES:
                self.fail(f"“{axis}” is not an axis", "Known axes: " + ", ".join(sorted(AXES)) + ".")
        return [axis, self.node_test(), *self.predicates(depth)]

    def node_test(self) -> str:
        if self.take("*"):
            return "*"
        if self.kind != "name":
            self.fail("a node name is missing", "Write the name of a question, or * for any.")
        name = self.advance()
        if name not in NODE_TYPES or not self.take("("):
            return name
        literal = ""
        if self.kind == "string" and name == "processing-instruction":
            literal = self.advance()
        self.need(")", "Close the bracket.")
        return f"{name}({literal})"
