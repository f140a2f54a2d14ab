"""Regular expressions as forms use them (Java's syntax): full match, in time that grows with text times pattern.

Both engines run the same small machine instead of their language's own, so a pattern means the same on the phone and on
the server and none can hang a phone: all positions of the pattern advance together, nothing is tried twice.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from survey_server.problems import Problem

MAX_SIZE = 4000
CharTest = Callable[[str], bool]
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_SPACES = frozenset(" \t\n\x0b\f\r")
_LINE_ENDS = frozenset("\n\r\u0085\u2028\u2029")
_POSIX: dict[str, CharTest] = {
    "Alpha": lambda c: c in _WORD and c.isalpha(),
    "Digit": lambda c: "0" <= c <= "9",
    "Alnum": lambda c: c in _WORD and c != "_",
    "Upper": lambda c: "A" <= c <= "Z",
    "Lower": lambda c: "a" <= c <= "z",
    "Punct": lambda c: c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "Space": lambda c: c in _SPACES,
    "XDigit": lambda c: c in "0123456789abcdefABCDEF",
    "ASCII": lambda c: c < "\x80",
    "IsAlphabetic": str.isalpha,
    "IsLetter": str.isalpha,
    "IsDigit": lambda c: unicodedata.category(c) == "Nd",
}
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\x07", "e": "\x1b"}


class PatternProblem(Problem):
    """A regular expression can't be used. The message says what in it is wrong."""

    status = 422
    title = "A regular expression can't be used"


def full_match(text: str, pattern: str) -> bool:
    """Whether the whole text matches."""
    program = compile_pattern(pattern)
    return _run(program, text, 0, whole=True)


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> list[Any]:
    """The program of a pattern; raises PatternProblem."""
    return _Reader(pattern).program()


class _Reader:
    """Pattern text to program: ("char", test) ("split", a, b) ("jump", a) ("at", kind) ("look", program, wanted)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.i = 0
        self.fold = False
        self.depth = 0

    def fail(self, what: str) -> PatternProblem:
        return PatternProblem(f"Pattern “{self.text}”, character {self.i + 1}: {what}.")

    def program(self) -> list[Any]:
        code = self.alternatives()
        if self.i < len(self.text):
            raise self.fail("a “)” too many")
        return [*code, ("match",)]

    def peek(self) -> str:
        return self.text[self.i] if self.i < len(self.text) else ""

    def next(self) -> str:
        if self.i >= len(self.text):
            raise self.fail("it stops too early")
        self.i += 1
        return self.text[self.i - 1]

    def alternatives(self) -> list[Any]:
        self.depth += 1
        if self.depth > 50:
            raise self.fail("brackets nested too deep")
        branches = [self.sequence()]
        while self.peek() == "|":
            self.i += 1
            branches.append(self.sequence())
        self.depth -= 1
        code = branches.pop()
        while branches:
            left = branches.pop()
            code = [("split", 1, len(left) + 2), *left, ("jump", len(code) + 1), *code]
        return self.bounded(code)

    def bounded(self, code: list[Any]) -> list[Any]:
        if len(code) > MAX_SIZE:
            raise self.fail("the pattern repeats too much")
        return code

    def sequence(self) -> list[Any]:
        code: list[Any] = []
        while self.peek() not in ("", "|", ")"):
            code += self.quantified()
        return self.bounded(code)

    def quantified(self) -> list[Any]:
        atom = self.atom()
        while self.peek() in ("*", "+", "?", "{"):
            least, most = self.counts()
            atom = self.bounded(self.repeat(atom, least, most))
        return atom

    def counts(self) -> tuple[int, int | None]:
        sign = self.next()
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1), "{": (0, 0)}[sign]
        if sign == "{":
            body, closed, _ = self.text[self.i :].partition("}")
            low, comma, high = body.partition(",")
            if not closed or not low.isdigit() or (high and not high.isdigit()):
                raise self.fail("after “{” a number such as {3} or {1,4} is wanted")
            self.i += len(body) + 1
            least, most = int(low), (int(high) if high else None) if comma else int(low)
            if least > 1000 or (most or 0) > 1000 or (most is not None and most < least):
                raise self.fail("the repeat counts are too large or the wrong way round")
        if self.peek() == "?":
            self.i += 1  # lazy or greedy: the same for a full match
        elif self.peek() == "+":
            raise self.fail("possessive quantifiers aren't supported")
        return least, most

    def repeat(self, atom: list[Any], least: int, most: int | None) -> list[Any]:
        if len(atom) * max(least, most or 1) > MAX_SIZE:
            raise self.fail("the pattern repeats too much")
        code = atom * least
        size = len(atom)
        if most is None:
            return [*code, ("split", 1, size + 2), *atom, ("jump", -size - 1)]
        optional = most - least
        for i in range(optional):
            code += [("split", 1, (optional - i) * (size + 1)), *atom]
        return code

    def atom(self) -> list[Any]:
        char = self.next()
        if char == "(":
            return self.group()
        if char == "[":
            return [("char", self.char_class())]
        if char == ".":
            return [("char", lambda c: c not in _LINE_ENDS)]
        if char in "^$":
            return [("at", char)]
        if char in "*+?":
            self.i -= 1
            raise self.fail(f"there is nothing before “{char}” to repeat")
        if char == "\\":
            if self.peek() in ("b", "B", "A", "z", "Z") and self.peek():
                return [("at", self.next())]
            if self.peek() == "Q":
                self.i += 1
                literal, _, _ = self.text[self.i :].partition("\\E")
                self.i = min(len(self.text), self.i + len(literal) + 2)
                return [("char", self.literal(c)) for c in literal]
            return [("char", self.escape())]
        return [("char", self.literal(char))]

    def literal(self, char: str) -> CharTest:
        if self.fold and char.lower() != char.upper():
            both = (char.lower(), char.upper())
            return lambda c: c in both
        return lambda c: c == char

    def group(self) -> list[Any]:
        look: bool | None = None
        kept = self.fold
        if self.peek() == "?":
            self.i += 1
            kind = self.next()
            if kind in "=!":
                look = kind == "="
            elif kind == "<" and self.peek() not in ("=", "!"):
                name, closed, _ = self.text[self.i :].partition(">")
                if not closed:
                    raise self.fail("the name of the group isn't closed with “>”")
                self.i += len(name) + 1
            elif kind == "i":
                self.fold = True
                if self.next() == ")":
                    return []
            elif kind != ":":
                raise self.fail("this kind of group isn't supported")
        code = self.alternatives()
        if self.peek() != ")":
            raise self.fail("a “)” is missing")
        self.i += 1
        self.fold = kept
        return code if look is None else [("look", [*code, ("match",)], look)]

    def escape(self) -> CharTest:
        char = self.next()
        if char in "dDwWsS":
            test: CharTest = {
                "d": lambda c: "0" <= c <= "9",
                "w": lambda c: c in _WORD,
                "s": lambda c: c in _SPACES,
            }[char.lower()]
            return test if char.islower() else (lambda c: not test(c))
        if char in "pP":
            return self.property(char == "P")
        if char in "ux":
            size = 4 if char == "u" else 2
            digits = self.text[self.i : self.i + size]
            self.i += size
            try:
                return self.literal(chr(int(digits, 16)))
            except ValueError:
                raise self.fail("four hexadecimal digits are wanted") from None
        if char in _CONTROL:
            return self.literal(_CONTROL[char])
        if char.isascii() and char.isalnum():
            what = "references to groups aren't supported" if char.isdigit() else f"“\\{char}” isn't supported"
            raise self.fail(what)
        return self.literal(char)

    def property(self, negated: bool) -> CharTest:
        name = self.next()
        if name == "{":
            name, _, _ = self.text[self.i :].partition("}")
            self.i += len(name) + 1
        if name in _POSIX:
            test = _POSIX[name]
        elif name[:1] in "LMNPSZC" and len(name) in (1, 2):
            test = lambda c: unicodedata.category(c).startswith(name)  # noqa: E731 - one of several ways to make a test
        else:
            raise self.fail(f"the property “{name}” isn't supported")
        return (lambda c: not test(c)) if negated else test

    def char_class(self) -> CharTest:
        negated = self.peek() == "^"
        if negated:
            self.i += 1
        tests: list[CharTest] = []
        first = True
        while first or self.peek() != "]":
            first = False
            tests.append(self.class_part())
        self.i += 1
        return lambda c: any(test(c) for test in tests) is not negated

    def class_part(self) -> CharTest:
        if self.text.startswith("&&", self.i):
            raise self.fail("“&&” in a class isn't supported")
        low = self.next()
        if low == "[":
            return self.char_class()
        if low == "\\":
            if self.peek() not in ("-", "[", "]", "\\", "^", ".", "/"):
                return self.escape()
            low = self.next()
        if self.peek() != "-" or self.text[self.i + 1 : self.i + 2] in ("]", "[", ""):
            return self.literal(low)
        self.i += 1
        high = self.next()
        if high == "\\":
            high = self.next()
        if high < low:
            raise self.fail(f"the range {low}-{high} is the wrong way round")
        if self.fold:
            return lambda c: low <= c.lower() <= high or low <= c.upper() <= high
        return lambda c: low <= c <= high


def _run(program: list[Any], text: str, start: int, whole: bool) -> bool:
    """Advance all positions together through the text."""
    threads: list[int] = []
    _follow(program, text, start, 0, threads, set())
    i = start
    end = len(program) - 1
    while threads:
        if end in threads and (not whole or i == len(text)):
            return True
        if i >= len(text):
            return False
        char = text[i]
        i += 1
        following: list[int] = []
        seen: set[int] = set()
        for pc in threads:
            op = program[pc]
            if op[0] == "char" and op[1](char):
                _follow(program, text, i, pc + 1, following, seen)
        threads = following
    return False


def _follow(program: list[Any], text: str, i: int, pc: int, threads: list[int], seen: set[int]) -> None:
    """Add the places that can be reached from `pc` without reading a character."""
    stack = [pc]
    while stack:
        pc = stack.pop()
        if pc in seen:
            continue
        seen.add(pc)
        op = program[pc]
        if op[0] == "split":
            stack += [pc + op[2], pc + op[1]]
        elif op[0] == "jump":
            stack.append(pc + op[1])
        elif op[0] == "at":
            if _holds(op[1], text, i):
                stack.append(pc + 1)
        elif op[0] == "look":
            if _run(op[1], text, i, whole=False) is op[2]:
                stack.append(pc + 1)
        else:
            threads.append(pc)


def _holds(kind: str, text: str, i: int) -> bool:
    if kind in "^A":
        return i == 0
    if kind == "z":
        return i == len(text)
    if kind in "$Z":
        return i == len(text) or (i == len(text) - 1 and text[i] in _LINE_ENDS)
    before, after = i > 0 and text[i - 1] in _WORD, i < len(text) and text[i] in _WORD
    return (before != after) is (kind == "b")
