"""How a library function is declared: a name, what it takes, what it gives. Arguments arrive already converted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from survey_server.xlsform.expressions.evaluate import (
    BOOLEAN,
    NODES,
    NUMBER,
    STRING,
    Closure,
    Compiled,
    Compiler,
    Context,
    Function,
)
from survey_server.xlsform.expressions.expression import Tree

Library = dict[str, Function]


def convert(compiler: Compiler, letter: str, tree: Tree, name: str) -> Closure:
    """The closure of one argument: n number, s string, b boolean, x nodes, v whatever it is."""
    if letter == "n":
        return compiler.number(tree)
    if letter == "s":
        return compiler.string(tree)
    if letter == "b":
        return compiler.boolean(tree)
    if letter == "x":
        return compiler.nodes(tree, f"{name}()")
    return compiler.compile(tree).run


def function(library: Library, name: str, takes: str, gives: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function. `takes`: one letter an argument, ? after the first optional one, * if the last may repeat.

    A leading c passes the Context before the arguments.
    """
    with_context = takes.startswith("c")
    letters = takes.lstrip("c").replace("?", "").replace("*", "")
    least = takes.lstrip("c").rstrip("*").find("?")
    least = len(letters) if least < 0 else least - 1
    most = None if takes.endswith("*") else len(letters)

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        def build(compiler: Compiler, arguments: Sequence[Tree]) -> Compiled:
            parts = [
                convert(compiler, letters[min(i, len(letters) - 1)], argument, name)
                for i, argument in enumerate(arguments)
            ]
            return Compiled(_closure(body, parts, with_context), gives)

        library[name] = Function(name, least, most, build)
        return body

    return declare


def _closure(body: Callable[..., Any], parts: list[Closure], with_context: bool) -> Closure:
    if with_context:
        return lambda c: body(c, *[part(c) for part in parts])
    if not parts:
        return lambda c: body()
    if len(parts) == 1:
        a = parts[0]
        return lambda c: body(a(c))
    if len(parts) == 2:
        a, b = parts
        return lambda c: body(a(c), b(c))
    return lambda c: body(*[part(c) for part in parts])


def special(library: Library, name: str, least: int, most: int | None) -> Callable[[Any], Any]:
    """Declare a function that builds its own closure, because it doesn't evaluate every argument every time."""

    def declare(build: Callable[[Compiler, Sequence[Tree]], Compiled]) -> Any:
        library[name] = Function(name, least, most, build)
        return build

    return declare


__all__ = ["BOOLEAN", "NODES", "NUMBER", "STRING", "Context", "Library", "function", "special"]
