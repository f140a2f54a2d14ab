"""Every function with arguments that nobody expects: both engines answer, and answer the same."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from survey_server.xlsform.expressions.cases import evaluate_case, parse_case
from survey_server.xlsform.expressions.functions import LIBRARY

Case = dict[str, Any]
DIFFERENT_EACH_TIME = {"random", "uuid", "now", "today"}
ARGUMENTS = [
    "1 div 0", "-1 div 0", "0 div 0", "-0", "1", "-1", "2.5", "1000000000000000000000", "0.0000000001", "''", "'a'",
    "' '", "'2020-02-30'", "'2020-02-29'", "'2020-01-01T10:00:00.000-06:00'", "'9999-12-31'", "'0002-01-01'",
    "'12:00:00'", "//c", "//zzz", "//e", "true()", "false()", "'1 2'", "'1 1;2 2;1 2;1 1'", "'91 0'", "'ñ😀'",
    "'a b c'",
]  # fmt: skip


def cases() -> list[Case]:
    """Calls of every function with every number of arguments."""
    chance = random.Random(7)
    found: list[Case] = []
    for name, function in LIBRARY.items():
        most = function.least + 2 if function.most is None else function.most
        for count in range(function.least, min(most, 4) + 1):
            if name in DIFFERENT_EACH_TIME or (name == "randomize" and count == 1):
                continue
            for _ in range(25 if count else 1):
                call = f"{name}({', '.join(chance.choice(ARGUMENTS) for _ in range(count))})"
                case = {"id": len(found), "expr": call, "xml": "<r><c>3</c><c>10</c><e/></r>"}
                found.append(case | {"now": "2024-01-01T00:00:00Z", "tz": "America/Guatemala"})
    return found


def agree(server: Case, phone: Case) -> bool:
    """The same type and value; numbers but for their last digits."""
    if "error" in server or "error" in phone:
        return "error" in server and "error" in phone
    one, other = server["value"], phone["value"]
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(server["type"] == phone["type"] and one == other)


def test_it_answers_anything_alike_on_both_sides(phone_xpath: Callable[[list[Case]], list[Case]]) -> None:
    asked = cases()
    server = [evaluate_case(case) for case in asked]
    phone = phone_xpath([parse_case(case) for case in asked])
    differences = [
        (case["expr"], one, other)
        for case, one, other in zip(asked, server, phone, strict=True)
        if not agree(one, other)
    ]
    assert differences == []
