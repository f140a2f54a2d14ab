"""The floors of the house: imports only go down, and never hide inside a function."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "survey_server"
FLOORS = {
    "problems": 0,
    "config": 0,
    "disk": 0,
    "outlines": 0,
    "logs": 0,
    "aliases": 0,
    "lan": 0,
    "sealing": 0,
    "sealed_stream": 0,
    "xlsform": 1,
    "estimation": 2,
    "db": 3,
    "reports": 4,
    "exports": 4,
    "web": 5,
    "sending": 4,
    "work": 6,
    "field_app": 6,
    "app": 6,
    "door": 0,
    "apart_app": 6,
    "office_process": 7,
    "demo": 7,
    "cli": 8,
}
ONLY_ON = {
    "sqlalchemy": {"db"},
    "alembic": {"db"},
    "flask": {"web", "field_app", "app", "demo", "cli"},
    "marshmallow": {"web"},
    "weasyprint": {"reports"},
    "fontTools": {"reports"},
    "pyxform": {"xlsform"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str:
    """`survey_server.db.models` -> `db`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported_names(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_it_imports_only_from_its_own_floor_or_below(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    names = imported_names(ast.parse(path.read_text()))
    above = {
        name
        for name in names
        if name.startswith("survey_server.") and FLOORS.get(room_of(name), -1) > FLOORS.get(room, 99)
    }
    assert above == set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_it_uses_a_library_only_on_the_floor_that_knows_it(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    used = {name.split(".")[0] for name in imported_names(ast.parse(path.read_text()))}
    assert {library for library in used if library in ONLY_ON and room not in ONLY_ON[library]} == set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_it_imports_at_the_top_and_never_inside_a_function(path: Path) -> None:
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    hidden = [node.lineno for f in functions for node in ast.walk(f) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert hidden == []


def test_it_has_no_module_without_a_floor() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()} - {"__init__", "__main__"}
    assert rooms <= set(FLOORS)
