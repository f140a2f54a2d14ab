"""Reads the expressions of a form: text to tree, every name checked, and what each expression depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.expressions.evaluate import check_arity
from survey_server.xlsform.expressions.expression import ExpressionProblem, Tree, parse_expression, subtrees
from survey_server.xlsform.expressions.functions import LIBRARY, cure_for
from survey_server.xlsform.expressions.pattern import PatternProblem, compile_pattern
from survey_server.xlsform.model import Secondary
from survey_server.xlsform.shapes import Resolver, Shape

ARITHMETIC = frozenset(("+", "-", "*", "div", "mod", "neg"))
OF_LISTS = frozenset(
    (
        "area", "boolean", "checklist", "concat", "count", "count-non-empty", "depend", "distance", "geofence", "id",
        "indexed-repeat", "instance", "intersects", "join", "max", "min", "not", "position", "randomize", "sum",
        "weighted-checklist",
    )
)  # fmt: skip
"""Functions that take a list of nodes as such."""


@dataclass
class Dependencies:
    """The shapes an expression reads; wide ones may lie in another instance of a repeat that it stands in."""

    near: set[Shape] = field(default_factory=set)
    wide: set[Shape] = field(default_factory=set)


class Expressions:
    """Parses and checks the expressions of one form."""

    def __init__(self, complaints: Complaints, root: Shape, secondary: Mapping[str, Secondary], primary: set[str]):
        self.complaints = complaints
        self.resolver = Resolver(root, primary)
        self.root = root
        self.secondary = secondary
        self.primary = primary
        self.namespaces: dict[str, str] = {}
        self.text_ids: set[str] = set()
        self.parsed: dict[str, Tree] = {}

    def read(self, text: str, ref: str, aspect: str, line: int = 0) -> Tree | None:
        """The checked tree; None after a complaint."""
        try:
            tree = self.parsed.get(text)
            if tree is None:
                tree = parse_expression(text)
                if "choice-name" not in text:  # its second argument is rewritten for the place where it stands
                    self.parsed[text] = tree
            self._check_calls(tree, ref, aspect, line)
        except ExpressionProblem as problem:
            shown = " ".join(text.split())
            self.complaints.refuse(
                f"“{shown[:200]}”: {problem.detail}", problem.cure, ref=ref, aspect=aspect, line=line
            )
            return None
        return tree

    def _check_calls(self, tree: Tree, ref: str, aspect: str, line: int) -> None:
        for part in subtrees(tree):
            if part[0] == "path":
                self._check_prefixes(part)
            if part[0] != "call":
                continue
            name, arguments = part[1], part[2:]
            function = LIBRARY.get(name)
            if function is None:
                raise ExpressionProblem(f"{name}() is not a function.", cure=cure_for(name))
            check_arity(function, len(arguments))
            if name == "instance":
                self._check_instance(arguments[0])
            if name == "pulldata":
                self._check_data(arguments[0], ref, aspect, line)
            if name == "jr:itext" and arguments[0][0] == "str":
                self._check_text(arguments[0][1])
            if name == "regex" and arguments[1][0] == "str":
                self._check_pattern(arguments[1][1], ref, aspect, line)

    def _check_prefixes(self, path: Tree) -> None:
        for step in path[2:]:
            prefix = step[1].rpartition(":")[0]
            if prefix and "(" not in step[1] and prefix not in ("xml", *self.namespaces):
                raise ExpressionProblem(
                    f"The prefix {prefix}: of {step[1]} isn't declared.", cure=f'Declare xmlns:{prefix}="...".'
                )

    def _check_instance(self, argument: Tree) -> None:
        if argument[0] == "str" and argument[1] not in self.secondary and argument[1] not in self.primary:
            known = ", ".join(sorted(self.secondary)) or "none"
            raise ExpressionProblem(
                f"There is no instance or data set “{argument[1]}”.", cure=f"Known here: {known}. Check the name."
            )

    def _check_data(self, argument: Tree, ref: str, aspect: str, line: int) -> None:
        if argument[0] == "str" and argument[1] not in self.secondary:
            self.complaints.warn(
                f"pulldata() reads the data set “{argument[1]}”, which the form doesn't have: it finds nothing.",
                f"Add a row csv-external {argument[1]} and attach {argument[1]}.csv.",
                ref=ref, aspect=aspect, line=line,
            )  # fmt: skip

    def _check_text(self, text_id: str) -> None:
        if text_id not in self.text_ids:
            raise ExpressionProblem(f"There is no text “{text_id}”.", cure="Add it to the itext.")

    def _check_pattern(self, pattern: str, ref: str, aspect: str, line: int) -> None:
        try:
            compile_pattern(pattern)
        except PatternProblem as problem:
            raise ExpressionProblem(problem.detail, cure="Correct the pattern.") from None
        if not (pattern.startswith(("^", ".*")) and pattern.endswith(("$", ".*"))):
            self.complaints.warn(
                f"The pattern “{pattern}” must match the whole answer here and in ODK Collect; Enketo is content with a"
                " part of it.", "Begin it with ^ and end it with $.", ref=ref, aspect=aspect, line=line,
            )  # fmt: skip

    def dependencies(self, tree: Tree, at: Shape, aspect: str, line: int = 0) -> Dependencies:
        """What the expression of an aspect at a shape reads."""
        walk = _DependencyWalk(self, at, aspect, line)
        shapes = walk.visit(tree, [at])
        if aspect in ("calculate", "label", "hint"):
            walk.warn_of_several(tree, shapes)
        return walk.found


class _DependencyWalk:
    def __init__(self, expressions: Expressions, at: Shape, aspect: str, line: int) -> None:
        self.owner = expressions
        self.at = at
        self.aspect = aspect
        self.line = line
        self.found = Dependencies()
        self.home = at.repeats()

    def visit(self, tree: Tree, context: list[Shape] | None, wide: bool = False) -> list[Shape] | None:
        """The shapes that a tree returns; None if they aren't in the primary instance, or it returns no nodes."""
        head = tree[0]
        if head in ("num", "str"):
            return None
        if head == "path":
            return self._path(tree, context, wide)
        if head == "filter":
            shapes = self.visit(tree[1], context, wide=True)
            for predicate in tree[2:]:
                self.visit(predicate, shapes)
            return shapes
        if head == "call":
            return self._call(tree, context, wide)
        results = [self.visit(part, context, wide) for part in tree[1:]]
        if head in ARITHMETIC:
            for part, shapes in zip(tree[1:], results, strict=True):
                self.warn_of_several(part, shapes)
        return [shape for shapes in results for shape in shapes or []] if head == "|" else None

    def _call(self, tree: Tree, context: list[Shape] | None, wide: bool) -> list[Shape] | None:
        name, arguments = tree[1], tree[2:]
        if name == "current":
            return [self.at]
        if name == "jr:choice-name" and arguments[1][0] == "str":
            self._choice_ref(tree, context)
        if name == "position" and arguments:
            self._position(arguments[0], context)
            return None
        wide = wide or name == "indexed-repeat"
        results = [self.visit(argument, context, wide) for argument in arguments]
        if name == "indexed-repeat":
            self._check_levels(results)
        if name not in OF_LISTS:
            for argument, shapes in zip(arguments, results, strict=True):
                self.warn_of_several(argument, shapes)
        if name in ("indexed-repeat", "randomize", "once", "depend"):
            return results[0]
        if name in ("if", "coalesce"):
            return [shape for shapes in results for shape in shapes or []] or None
        return None

    def warn_of_several(self, tree: Tree, shapes: list[Shape] | None) -> None:
        """Say that a path to the questions of a repeat, from outside of it, gives the first one's answer only."""
        if tree[0] != "path" or not shapes or any(len(step) > 2 for step in tree[2:]):
            return
        outside = [repeat for repeat in shapes[0].repeats() if repeat not in self.home]
        if outside and shapes[0] is not outside[-1]:
            self.owner.complaints.warn(
                f"{show_path(tree)} has one answer in each {outside[-1].name}: only the first one counts here.",
                "Use sum(...), join(', ', ...) or indexed-repeat(...).",
                ref=self.at.ref, aspect=self.aspect, line=self.line,
            )  # fmt: skip

    def _check_levels(self, results: list[list[Shape] | None]) -> None:
        """indexed-repeat(question, repeat, number, ...): each repeat has to be around the question."""
        target = results[0]
        for level, repeats in enumerate(results[1::2]):
            if target and repeats and any(repeat in target[0].ancestors() for repeat in repeats):
                continue
            if target is None and repeats is None:
                continue
            self.owner.complaints.refuse(
                f"indexed-repeat(): its argument {2 * level + 2} is no repeat around the question in its argument 1.",
                "Write indexed-repeat(${question}, ${repeat around it}, number).",
                ref=self.at.ref, aspect=self.aspect, line=self.line,
            )  # fmt: skip

    def _position(self, argument: Tree, context: list[Shape] | None) -> None:
        """position(..) changes with the instances of the repeat, not with what is in them."""
        if argument[0] == "path" and argument[1] == "." and context is not None:
            for shape in self.owner.resolver.resolve(argument[2:], context) or []:
                if shape.is_repeat:
                    self.found.wide.add(shape)
            return
        self.visit(argument, context)

    def _choice_ref(self, call: Tree, context: list[Shape] | None) -> None:
        """The second argument of jr:choice-name() names a question; the phone gets its canonical ref."""
        text = call[3][1].strip()
        tree = self.owner.read(text, self.at.ref, self.aspect, self.line)
        if tree is None or tree[0] != "path":
            return
        shapes = _DependencyWalk(self.owner, self.at, self.aspect, self.line)._path(tree, context, wide=False)
        if shapes:
            call[3] = ["str", shapes[0].ref]

    def _path(self, tree: Tree, context: list[Shape] | None, wide: bool) -> list[Shape] | None:
        start, steps = tree[1], tree[2:]
        shapes: list[Shape] | None
        if start == "/":
            shapes = None
        elif start == ".":
            if context is None:
                self._predicates(steps, None)
                return None
            shapes = context
        elif start[0] == "call" and start[1] == "instance":
            name = start[2][1] if start[2][0] == "str" else ""
            if name not in self.owner.primary:
                self.visit(start[2], context)
                self._predicates(steps, None)
                return None
            shapes = None
        else:
            shapes = self.visit(start, context, wide)
            if shapes is None:
                self._predicates(steps, None)
                return None
        return self._steps(tree, steps, shapes, wide)

    def _predicates(self, steps: list[Tree], context: list[Shape] | None) -> None:
        for step in steps:
            for predicate in step[2:]:
                self.visit(predicate, context)

    def _steps(self, tree: Tree, steps: list[Tree], shapes: list[Shape] | None, wide: bool) -> list[Shape]:
        absolute = shapes is None
        plain = True
        lowest: Shape | None = self.at
        for step in steps:
            if step[1] in ("text()", "comment()") or step[1].startswith("processing-instruction"):
                break
            shapes = self.owner.resolver.resolve([step], shapes)
            if step[0] == "parent" and shapes:
                lowest = shapes[0]
            plain = (
                plain and len(step) == 2 and (step[0] in ("child", "self") or (step[0] == "parent" and not absolute))
            )
            self._predicates([step], shapes)
            if not shapes:
                if step[0] == "parent":
                    self._refuse_climb(tree)
                else:
                    self._complain(tree)
                return []
        found = shapes if shapes is not None else [self.owner.root]
        for shape in found:
            self._note(shape, wide or not plain, absolute, lowest)
        return found

    def _note(self, shape: Shape, wide: bool, absolute: bool, lowest: Shape | None) -> None:
        """Whether a change there concerns this place in its own repeat instance only, or in all of them."""
        shared = [repeat for repeat in shape.repeats() if repeat in self.home]
        if not shared:
            self.found.near.add(shape)
            return
        inner = shared[-1]
        if shape is inner and shape is not self.at:
            wide = True
        if not absolute and lowest is not None:
            wide = wide or inner not in [lowest, *lowest.ancestors()]
        (self.found.wide if wide else self.found.near).add(shape)

    def _refuse_climb(self, tree: Tree) -> None:
        self.owner.complaints.refuse(
            f"The path {show_path(tree)} climbs above the form.", "Take away one or more ../",
            ref=self.at.ref, aspect=self.aspect, line=self.line,
        )  # fmt: skip

    def _complain(self, tree: Tree) -> None:
        self.owner.complaints.warn(
            f"The path {show_path(tree)} leads to no question of the form; it reads as blank.",
            "Check the spelling, and from where a relative path starts.",
            ref=self.at.ref, aspect=self.aspect, line=self.line,
        )  # fmt: skip


def show_path(tree: Tree) -> str:
    """A path as its author would write it, without predicates."""
    parts = []
    for step in tree[2:]:
        axis, test = step[0], step[1]
        if axis == "parent" and test == "node()":
            parts.append("..")
        else:
            parts.append(test if axis == "child" else f"@{test}" if axis == "attribute" else f"{axis}::{test}")
    start = tree[1] if isinstance(tree[1], str) else "current()" if tree[1][:2] == ["call", "current"] else "(...)"
    if start == ".":
        return "/".join(parts) or "."
    return ("" if start == "/" else start) + "/" + "/".join(parts)
